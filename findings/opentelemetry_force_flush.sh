#!/usr/bin/env bash
# OpenTelemetry's BatchSpanProcessor ignores the timeout of force_flush: it returns after the last batch, with True.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check opentelemetry-sdk==1.45.2
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version
from time import monotonic, sleep

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

exported = []


class Slow(SpanExporter):
    """A collector that takes a second per batch."""

    def export(self, spans):
        sleep(1)
        exported.append(len(spans))
        return SpanExportResult.SUCCESS


print("opentelemetry-sdk", version("opentelemetry-sdk"))
processor = BatchSpanProcessor(Slow(), schedule_delay_millis=60_000, max_export_batch_size=1)
provider = TracerProvider()
provider.add_span_processor(processor)
tracer = provider.get_tracer("finding")
for number in range(3):
    tracer.start_span(f"span {number}").end()
started = monotonic()
answer = processor.force_flush(timeout_millis=100)
took = monotonic() - started
print(f"force_flush(timeout_millis=100) returned {answer} after {took:.1f} s and {len(exported)} batches")
provider.shutdown()

assert answer is True
assert len(exported) == 3
assert took > 1
PY
