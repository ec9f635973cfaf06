"""What others write, and only looks genuine: it changes nothing."""

from __future__ import annotations

from chaos.check import Check
from chaos.evidence import READS, Evidence, Place
from chaos.model import POISON, PUT_ASIDE, forged, history_of, remembered, understood


def forged_change_nothing(evidence: Evidence) -> Check:
    """(18) What is no event of its key is parked and blocks nobody; what is genuine beside it takes effect."""
    check = Check()
    parked, behind = _parked(evidence)
    causes = {event.cause for event in remembered(evidence, understood(evidence, "ph.till.v1"))}
    put_aside = evidence.tables["till"].put_aside if evidence.tables else set()
    for topic in READS["till"]:
        strange = forged(evidence, topic)
        for event in strange:
            kind, handled = evidence.forged[event.id], event.id in causes
            where = f"{event.record.place}, {kind}, key {event.key}, sequence {event.sequence}"
            if kind in PUT_ASIDE:
                fates = ["handled"] * handled + ["parked"] * (event.record.place in parked)
                check.that(fates == ["parked"], "a forged event is parked", where, ["parked"], fates)
            check.count(kind)
        history = history_of(evidence, topic)
        poisoned = {event.key for event in history.unreadable if event.fault != "forged"}
        poisoned |= {event.key for event in understood(evidence, topic) if event.body.get("kind") in POISON}
        for key in sorted({event.key or "" for event in strange}):
            for event in history.first.get(key, []):
                where = f"{event.record.place}, key {key}, sequence {event.sequence}"
                done = event.id in causes or event.record.place in put_aside
                what = "a genuine event beside a forged one is handled"
                check.that(done, what, where, "handled or put aside", "lost")
                if key not in poisoned:
                    what = "nobody waits behind a forged event"
                    check.that(event.record.place not in behind, what, where, "handled at once", "parked behind it")
    return check


def _parked(evidence: Evidence) -> tuple[set[Place], set[Place]]:
    """What was ever parked, and which of it only waited behind another record."""
    rows = [row for row in evidence.written.get("till", []) if row.what == "parked+"]
    return {row.record for row in rows}, {row.record for row in rows if row.detail.endswith(" behind")}
