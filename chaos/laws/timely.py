"""What is promised in time: a record is read, and an event is published, within seconds in which nothing is wrong.

Only what could have been late is a fact: so many quiet seconds must lie between it and the end of the storm. Afterwards
the harness waits for everybody, and who was deaf or silent all the time would pass for prompt.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping

from chaos.check import Check
from chaos.evidence import WRITES, Evidence
from chaos.laws.publishing import numbered
from chaos.model import own
from chaos.prices import FORGED
from chaos.till import TIPS
from chaos.windows import Quiet, troubled, windows
from tests.support.brokers import PARTITIONS

READ_WITHIN = 15.0
"""Seconds until a record must have had its effect, wherever it stands, while nothing is wrong."""
PUBLISHED_WITHIN = 10.0
"""Seconds until a row of the outbox must be in its topic, while nothing is wrong: somebody leads, and his producer has
found the brokers."""
HEALING = 5.0
"""Seconds after a fault that do not count: who was killed or cut off is back, and has worked off what was left."""
OF_TOPICS = ("partitions_added", "topic_renewed", "one_topic_more")
"""Topics are others than before."""
NO_REASON = (
    *OF_TOPICS,
    "stranger_in_the_group",
    "poison",
    "odd_record",
    *FORGED,
    "operators_at_work",
    "clock_jump",
    "old_snapshot",
    "otlp_black_hole",
    "slow_client",
    "large_client",
    "forger",
)
"""Faults that are no reason to be late."""
SLOW_TO_READ = {"kafka_moved": 45.0}
"""A reader takes half a minute to believe that nobody will answer at the old address, and is not ready meanwhile."""
SLOW_TO_PUBLISH = {"kafka_moved": 15.0}
"""A relay waits for an acknowledgement from the old address, and 5 s at it for the next client that it makes."""


def read_in_time(evidence: Evidence) -> Check:
    """(17) A record has its effect within 15 s, in a new partition or topic as well; each once, in order."""
    check = Check()
    if not evidence.tips:
        return check
    handled = _handled(evidence)
    quiet = Quiet(troubled(evidence, besides=NO_REASON, healing=HEALING, slow=SLOW_TO_READ, of="till"))
    renewed = [window.end for window in windows(evidence, ("topic_renewed",))]
    wanted: dict[str, list[int]] = defaultdict(list)
    for tip in evidence.tips:
        wanted[tip.key].append(tip.n)
        if quiet.seconds(tip.at, evidence.over) < READ_WITHIN:
            check.count("too near the end")
            continue
        late = quiet.seconds(tip.at, handled.get((tip.key, tip.n), float("inf")))
        where = f"{tip.topic}, partition {tip.partition}, key {tip.key}, n {tip.n}"
        check.that(late <= READ_WITHIN, "seconds until it was read", where, f"at most {READ_WITHIN:g}", round(late, 1))
        check.count("in new partitions", int(tip.partition >= PARTITIONS))
        check.count("in a topic read anew", int(tip.topic != TIPS))
        check.count("in a topic made anew", int(any(end <= tip.at for end in renewed)))
    for key, numbers in wanted.items():
        found = evidence.tables["till"].states.get(key, {}).get("tip", [])
        check.equal("till.tip", key, numbers, found, facts=0)
    return check


def _handled(evidence: Evidence) -> Mapping[tuple[str, int], float]:
    """When the witness first saw each tip written down."""
    found: dict[tuple[str, int], float] = {}
    for row in evidence.written.get("till", []):
        if row.what == "state":
            for n in json.loads(row.detail).get("tip", ()):
                found.setdefault((row.key, n), row.at)
    return found


def published_in_time(evidence: Evidence) -> Check:
    """(22) A row of the outbox is in its topic within 10 s in which nothing is wrong, whoever led before."""
    check = Check()
    for service, topic in WRITES.items():
        quiet = Quiet(troubled(evidence, besides=NO_REASON, healing=HEALING, slow=SLOW_TO_PUBLISH, of=service))
        appended: dict[tuple[str, int], float] = {}
        for event in own(evidence, topic):
            if event.record.appended:
                appended.setdefault((event.key or "", event.sequence), event.record.at)
        places = numbered(evidence, service)
        for row in evidence.written.get(service, []):
            if row.what != "outbox+":
                continue
            if quiet.seconds(row.at, evidence.over) < PUBLISHED_WITHIN:
                check.count("too near the end")
                continue
            late = quiet.seconds(row.at, appended.get(places[row.number], float("inf")))
            where = f"{topic}, outbox id {row.number}, {places[row.number]}, written at {row.at:.3f}"
            what = "seconds until a row was in its topic"
            check.that(late <= PUBLISHED_WITHIN, what, where, f"at most {PUBLISHED_WITHIN:g}", round(late, 1))
    return check
