"""K19: how the services run. It counts records and seconds, and nobody."""

from __future__ import annotations

from typing import Final

from journey.figures.shapes import Figure, Measure, Missing

SERVICE: Final = "service"
DAYS: Final = 30

K19: Final = Figure(
    id="k19",
    title="Operations",
    words=(
        "How the services run, as their own events tell. A number is as old as the last word of the service, and"
        " not recorded of one that has told nothing. Seconds are those of the last day, counts those of the last"
        f" {DAYS} days. Journey itself is not among them: its metrics are."
    ),
    source="domain K19; ProgressReported, RecordParked, RecordRetried, RecordHandled, RecordDiscarded, and the"
    " envelopes of all events",
    unit="records",
    measures=(
        Measure("lag", "for how long the oldest record that it had not read had stood in its topic", "seconds"),
        Measure("parked", "records that are parked there", "records"),
        Measure("parked_age", "for how long the oldest of them has been", "seconds"),
        Measure("outbox_p95", "from the recording of its events to their publication, 95th percentile", "seconds"),
        Measure("repeats", "records of its topics that told once more what had been told", "records"),
        Measure("retried", "parked records that operators wanted handled again", "records"),
        Measure("discarded", "parked records that operators have discarded", "records"),
        Measure("restores", "how often its database was put back, of all times", "times"),
    ),
    missing=(
        Missing("effect_p95", "from the recording of an event to its effect: services tell how far they have read", ()),
        Missing("repeats_dropped", "repeats that each service has dropped: each counts them, and tells nobody", ()),
        Missing("partner_deliveries", "deliveries to partners that succeeded", ("PartnerDelivered",)),
    ),
    tables=((SERVICE,),),
)
"""Counted by `journey.views.operations`."""
