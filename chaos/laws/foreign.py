"""What others write: it is read in time wherever it stands, and what only looks genuine changes nothing."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping

from chaos.check import Check
from chaos.evidence import READS, Evidence, Place
from chaos.model import POISON, PUT_ASIDE, forged, history_of, remembered, understood
from chaos.prices import FORGED
from chaos.till import TIPS
from chaos.windows import quiet_seconds, troubled, windows
from tests.support.brokers import PARTITIONS

READ_WITHIN = 15.0
"""Seconds until a record must have had its effect, wherever it stands, while nothing is wrong."""
HEALING = 5.0
"""Seconds after a fault that do not count: who was killed or cut off is back, and has worked off what was left."""
NO_REASON = (
    "partitions_added",
    "topic_renewed",
    "one_topic_more",
    "poison",
    *FORGED,
    "operators_at_work",
    "clock_jump",
    "old_snapshot",
    "otlp_black_hole",
)
"""Faults that are no reason to be late."""
SLOW = {"kafka_moved": 45.0}
"""A reader takes half a minute to believe that nobody will answer at the old address."""


def read_in_time(evidence: Evidence) -> Check:
    """(17) A record has its effect within 15 s, in a new partition or topic as well; each once, in order."""
    check = Check()
    if not evidence.tips:
        return check
    handled = _handled(evidence)
    troubles = troubled(evidence, besides=NO_REASON, healing=HEALING, slow=SLOW)
    renewed = [window.end for window in windows(evidence, ("topic_renewed",))]
    for tip in evidence.tips:
        at = handled.get((tip.key, tip.n))
        late = float("inf") if at is None else quiet_seconds(tip.at, at, troubles)
        where = f"{tip.topic}, partition {tip.partition}, key {tip.key}, n {tip.n}"
        check.that(late <= READ_WITHIN, "seconds until it was read", where, f"at most {READ_WITHIN:g}", round(late, 1))
        check.count("in new partitions", int(tip.partition >= PARTITIONS))
        check.count("in a topic read anew", int(tip.topic != TIPS))
        check.count("in a topic made anew", int(any(end <= tip.at for end in renewed)))
    wanted: dict[str, list[int]] = defaultdict(list)
    for tip in evidence.tips:
        wanted[tip.key].append(tip.n)
    for key, numbers in wanted.items():
        found = evidence.tables["till"].states.get(key, {}).get("tip", [])
        check.equal("till.tip", key, numbers, found)
    return check


def _handled(evidence: Evidence) -> Mapping[tuple[str, int], float]:
    """When the witness first saw each tip written down."""
    found: dict[tuple[str, int], float] = {}
    for row in evidence.written.get("till", []):
        if row.what == "state":
            for n in json.loads(row.detail).get("tip", ()):
                found.setdefault((row.key, n), row.at)
    return found


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
