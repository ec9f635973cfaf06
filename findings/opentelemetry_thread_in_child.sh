#!/usr/bin/env bash
# OpenTelemetry's BatchSpanProcessor starts its thread again in every forked child, also in one of subprocess that is
# about to execute another program. Linux gives a process with two threads no user namespace: EINVAL. Whoever starts
# programs in one with `preexec_fn` succeeds or fails by whether a processor is alive elsewhere in the process.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check opentelemetry-sdk==1.45.2
"$folder/venv/bin/python" - <<'PY'
import os
import subprocess
from importlib.metadata import version

from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult


class Nowhere(SpanExporter):
    def export(self, spans):
        return SpanExportResult.SUCCESS


def threads_of_a_child():
    """How many the child has between fork and exec."""
    told, tell = os.pipe()
    subprocess.run(["true"], preexec_fn=lambda: os.write(tell, b"%d" % len(os.listdir("/proc/self/task"))), check=True)
    os.close(tell)
    with os.fdopen(told) as answer:
        return int(answer.read())


print("opentelemetry-sdk", version("opentelemetry-sdk"))
before = threads_of_a_child()
processor = BatchSpanProcessor(Nowhere())
meanwhile = threads_of_a_child()
processor.shutdown()
print(f"threads of a child before exec: {before} without a processor, {meanwhile} beside one")

assert (before, meanwhile) == (1, 2), "this has changed"
PY
