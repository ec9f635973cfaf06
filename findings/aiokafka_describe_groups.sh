#!/usr/bin/env bash
# aiokafka reads the answer to DescribeGroups v3 by the schema of v2: it drops the authorized operations of the first
# group and shifts every later group by four bytes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check aiokafka==0.14.0
"$folder/venv/bin/python" - <<'PY'
import asyncio
import struct
from importlib.metadata import version

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import ApiVersionResponse_v0, DescribeGroupsRequest_v3, DescribeGroupsResponse_v3
from aiokafka.protocol.metadata import MetadataResponse_v5

NOT_ASKED = -(2**31)  # what a broker sends where the request does not ask for the operations
READ_AND_DESCRIBE = 1 << 3 | 1 << 8  # bits as in Kafka's AclOperation
GROUPS = {  # error code, group, state, protocol type, protocol, members
    "orders": (0, "orders", "Empty", "consumer", "", []),
    "gone": (0, "gone", "Dead", "", "", []),
}


async def broker(reader, writer):
    """Answers ApiVersions, Metadata and DescribeGroups v3 as a Kafka broker does."""
    port = writer.get_extra_info("sockname")[1]
    try:
        while size := await reader.readexactly(4):
            request = await reader.readexactly(*struct.unpack(">i", size))
            key, _, correlation, name = struct.unpack(">hhih", request[:10])
            if key == 18:
                answer = ApiVersionResponse_v0(0, [(18, 0, 0), (3, 5, 5), (15, 3, 3)])
            elif key == 3:
                answer = MetadataResponse_v5(0, [(0, "127.0.0.1", port, None)], "cluster", 0, [])
            else:
                asked = DescribeGroupsRequest_v3.decode(request[10 + name :])
                operations = READ_AND_DESCRIBE if asked.include_authorized_operations else NOT_ASKED
                known = [(*group, operations) for name, group in GROUPS.items() if name in asked.groups]
                answer = DescribeGroupsResponse_v3(0, known)
                print("  sent:", *known, sep="\n    ")
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
        print("one group, with its authorized operations:")
        [one] = await client.describe_consumer_groups(["orders"], 0, include_authorized_operations=True)
        print("  read as", type(one).__name__, *one.groups, sep="\n    ")
        print("two groups, without:")
        [two] = await client.describe_consumer_groups(["orders", "gone"], 0)
        print("  read as", type(two).__name__, *two.groups, sep="\n    ")
    finally:
        await client.close()
        server.close()
    assert one.API_VERSION == two.API_VERSION == 2
    assert one.groups == [GROUPS["orders"]]
    assert two.groups == [GROUPS["orders"], (-32768, "", "", "gone", "Dead", [])]


asyncio.run(main())
PY
