#!/usr/bin/env bash
# FastStream takes "a:9092,b:9092" as one address; aiokafka below it takes the same text apart.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check faststream==0.7.8 aiokafka==0.14.0
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

from aiokafka.conn import collect_hosts
from faststream.kafka import KafkaBroker

TEXT = "a:9092,b:9092"


def hosts(servers):
    """What aiokafka would connect to."""
    return [(host, port) for host, port, _ in collect_hosts(servers, randomize=False)]


print("faststream", version("faststream"), "aiokafka", version("aiokafka"))
handed_on = KafkaBroker(TEXT).config.broker_config.builder.keywords["bootstrap_servers"]
print(f"KafkaBroker({TEXT!r}) hands its consumer bootstrap_servers={handed_on!r}")
print(f"aiokafka reads {TEXT!r} as", hosts(TEXT))
print(f"aiokafka reads {handed_on!r} as", hosts(handed_on))
as_list = KafkaBroker(TEXT.split(",")).config.broker_config.builder.keywords["bootstrap_servers"]
print(f"KafkaBroker({TEXT.split(',')!r}) hands on {as_list!r}: this way works")

assert handed_on == [TEXT]
assert hosts(TEXT) == [("a", 9092), ("b", 9092)]
assert hosts(handed_on) == [("a:9092,b", 9092)]
assert hosts(as_list) == [("a", 9092), ("b", 9092)]
PY
