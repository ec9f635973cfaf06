#!/usr/bin/env bash
# aiokafka knows no error code from 73 to 78 and from 80 on: all become UnknownError, and the number is lost.
# kafka-python names them, and keeps the number of a code that it does not know.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check aiokafka==0.14.0 kafka-python==3.0.12
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

import aiokafka.errors
import kafka.errors

print("aiokafka", version("aiokafka"), "kafka-python", version("kafka-python"))
codes = range(1, 120)
unknown = [code for code in codes if aiokafka.errors.for_code(code) is aiokafka.errors.UnknownError]
print("aiokafka reads as UnknownError:", *unknown)
print("code  kafka-python                         aiokafka")
for code in (74, 78, 79, 82, 87, 89, 500):
    other, ours = kafka.errors.for_code(code), aiokafka.errors.for_code(code)
    print(f"{code:4}  {other.__name__:32} {other.errno:3}  {ours.__name__} {ours.errno}")

assert unknown == [*range(73, 79), *range(80, 120)]
assert aiokafka.errors.UnknownError.errno == -1
assert all(kafka.errors.for_code(code).errno == code for code in (74, 78, 79, 82, 87, 89, 500))
PY
