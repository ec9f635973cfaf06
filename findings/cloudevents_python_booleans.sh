#!/usr/bin/env bash
# CloudEvents, SDK for Python: in binary mode a boolean attribute is written as Python prints it, True, over HTTP and
# over Kafka. The specification knows true and false only. In structured mode the same event says true.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check cloudevents==2.2.0
"$folder/venv/bin/python" - <<'PY'
import json
from importlib.metadata import version

from cloudevents.core.bindings import http, kafka
from cloudevents.core.v1.event import CloudEvent

event = CloudEvent({"type": "t", "source": "/s", "id": "1", "specversion": "1.0", "sandbox": True}, {})
over_http = http.to_binary_event(event).headers["ce-sandbox"]
over_kafka = kafka.to_binary_event(event)
structured = json.loads(kafka.to_structured_event(event).value)["sandbox"]
again = kafka.from_binary_event(over_kafka).get_extension("sandbox")
print("cloudevents", version("cloudevents"))
print("over HTTP", over_http, "over Kafka", over_kafka.headers["ce_sandbox"], "structured", structured)
print("read again", repr(again))
assert (over_http, over_kafka.headers["ce_sandbox"], structured, again) == ("True", b"True", True, "True")
PY
