#!/usr/bin/env bash
# aiokafka's describe_topics lets the broker create the topic that it asks about, and has no parameter against it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check aiokafka==0.14.0
"$folder/venv/bin/python" - <<'PY'
import asyncio
import inspect
import struct
from importlib.metadata import version

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import ApiVersionResponse_v0
from aiokafka.protocol.metadata import MetadataRequest_v5, MetadataResponse_v5

UNKNOWN_TOPIC_OR_PARTITION = 3
seen = []


async def broker(reader, writer):
    """Answers ApiVersions and Metadata as a Kafka broker without topics does, and keeps what it is asked."""
    port = writer.get_extra_info("sockname")[1]
    try:
        while size := await reader.readexactly(4):
            request = await reader.readexactly(*struct.unpack(">i", size))
            key, _, correlation, name = struct.unpack(">hhih", request[:10])
            if key == 18:
                answer = ApiVersionResponse_v0(0, [(18, 0, 0), (3, 5, 5)])
            else:
                asked = MetadataRequest_v5.decode(request[10 + name :])
                seen.append((asked.topics, asked.allow_auto_topic_creation))
                topics = [(UNKNOWN_TOPIC_OR_PARTITION, topic, False, []) for topic in asked.topics or []]
                answer = MetadataResponse_v5(0, [(0, "127.0.0.1", port, None)], "cluster", 0, topics)
            body = struct.pack(">i", correlation) + answer.encode()
            writer.write(struct.pack(">i", len(body)) + body)
    except asyncio.IncompleteReadError:
        writer.close()


async def main():
    print("aiokafka", version("aiokafka"))
    server = await asyncio.start_server(broker, "127.0.0.1", 0)
    client = AIOKafkaAdminClient(bootstrap_servers=f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
    await client.start()
    try:
        await client.describe_topics(["no.such.topic"])
    finally:
        await client.close()
        server.close()
    parameters = list(inspect.signature(AIOKafkaAdminClient.describe_topics).parameters)
    for topics, allowed in seen:
        print(f"the broker is asked: topics={topics} allow_auto_topic_creation={allowed}")
    print("parameters of describe_topics:", parameters)
    assert (["no.such.topic"], True) in seen
    assert parameters == ["self", "topics"]


asyncio.run(main())
PY
