"""What was put back to an earlier state: all that it has forgotten is listed, before anything contradicts it."""

from __future__ import annotations

import json
from collections import Counter

from chaos.check import Check
from chaos.evidence import READS, WRITES, Cut, Evidence, Restored
from chaos.laws.effects import promises
from chaos.model import READ_AS, Understood, forgotten, history_of, own, understand
from chaos.spared import scarred

GATE_SECONDS = 8.0
"""Until every process knows that its database is an earlier one: it looks every two seconds, waits five for a
connection if it is overloaded, and then a batch may be in hand."""
STAMPED_SECONDS = 0.002
"""What the broker's time of appending, in whole milliseconds, may differ from that of this harness."""
_TIMES = "times that what is left, or may have been lost, is handled"


def forgets_what_it_lists(evidence: Evidence) -> Check:
    """(20) What a database that was put back has published and forgotten is listed, all of it and nothing else, before
    anything more is published or handled; where nothing is forgotten, nobody is asked.

    That no number is given twice is (4), that every event is handled once by its readers (1) and (7), that nothing else
    is gone (1) and (3): they hold for restored databases as for others, but for what this one lets them forget.
    """
    check = Check()
    for restored in evidence.restored:
        where = f"{restored.service}, copied at {restored.copied:.3f}"
        gone = {(event.key or "", event.sequence, event.id) for event in forgotten(evidence, restored)}
        for event in sorted(gone | restored.listed):
            what = "an event is listed as forgotten if it was published and is not known, and only then"
            check.equal(what, f"{where}, {event}", event in gone, event in restored.listed)
        asked = restored.halted > 0
        exercised = int(bool(gone) or asked)
        check.equal("an operator is asked if something is forgotten", where, bool(gone), asked, exercised)
        check.count("put back")
        check.count("went on by itself", int(not asked))
        check.count("forgotten", len(gone))
        if asked:
            _nothing_told(check, evidence, restored, where)
            _nothing_done(check, evidence, restored, where)
    return check


def lists_what_brokers_lost(evidence: Evidence) -> Check:
    """(21) What a broker that was put back had acknowledged and lacks is listed by its sender, unless it is sent again,
    before he sends anything more. No promise to a caller is broken by it, and whoever reads handles what is left once,
    what is lost at most once, and nothing else.

    All else is judged without the keys of which something was lost (`spared`).
    """
    check = Check()
    for cut in evidence.cuts:
        where = f"{cut.service}, at {cut.opened:.3f}"
        there = {(event.key or "", event.sequence, event.id) for event in own(evidence, WRITES[cut.service])}
        missing = {event[:2] for event in cut.lost - there}
        for event in sorted(missing | cut.listed):
            what = "an event is listed as missing if the broker had acknowledged it and has it no more, and only then"
            check.equal(what, f"{where}, {event}", event in missing, event in cut.listed)
        if missing:
            check.that(cut.halted > 0, "an operator is asked if something is missing", where)
            _nothing_told(check, evidence, cut, where)
        check.count("missing", len(missing))
        check.count("sent again", len(cut.lost & there))
    if evidence.lost and evidence.tables:
        promises(check, evidence)
        _read_once(check, evidence)
    return check


def _read_once(check: Check, evidence: Evidence) -> None:
    keys = scarred(evidence)
    lost = [event for event in map(understand, evidence.lost) if event.known and not event.fault]
    for service, topics in READS.items():
        tables = evidence.tables[service]
        for topic in topics:
            left = {
                event.id: event
                for key in keys
                for event in history_of(evidence, topic).first.get(key, [])
                if event.body.get("source") != "price"
            }
            once = {event.id: event for event in lost if event.record.topic == topic} | left
            # Who has put aside a record that is lost drops the same record when it comes again, elsewhere.
            aside = {event.id for event in lost if event.record.place in tables.put_aside}
            aside |= {event.id for event in left.values() if event.record.place in tables.put_aside}
            must = Counter(_effect(event) for event in left.values() if event.id not in aside)
            may = Counter(_effect(event) for event in once.values() if event.body.get("source") != "price")
            for effect in sorted(must.keys() | may.keys()):
                key, name, n = effect
                times = tables.states.get(key, {}).get(name, []).count(n)
                bounds = f"{must[effect]} to {may[effect]}"
                check.that(
                    must[effect] <= times <= may[effect], _TIMES, f"{service}.{name} of {key}, n {n}", bounds, times
                )
            check.count("lost", len(once) - len(left))
    topics_of_tips = {tip.topic for tip in evidence.tips}
    gone = {
        ((each.key or b"").decode(), json.loads(each.value or b"")["n"])
        for each in evidence.lost
        if each.topic in topics_of_tips
    }
    for tip in evidence.tips:
        if tip.key in keys:
            times = evidence.tables["till"].states.get(tip.key, {}).get("tip", []).count(tip.n)
            least = int((tip.key, tip.n) not in gone)
            check.that(least <= times <= 1, _TIMES, f"till.tip of {tip.key}, n {tip.n}", f"{least} to 1", times)


def _effect(event: Understood) -> tuple[str, str, int]:
    """Where it shows that an event was handled: in which list of which key, and as which n."""
    name = READ_AS.get(event.type, "counted")
    return event.key or "", name, event.n if name == "counted" else event.body["n"]


def _nothing_told(check: Check, evidence: Evidence, restored: Restored | Cut, where: str) -> None:
    for event in own(evidence, WRITES[restored.service]):
        told = restored.opened + STAMPED_SECONDS < event.record.at < restored.decided - STAMPED_SECONDS
        what = "nothing is published before the operator has seen what is forgotten"
        check.that(not told, what, f"{where}, {event.record.place}")


def _nothing_done(check: Check, evidence: Evidence, restored: Restored, where: str) -> None:
    for row in evidence.written.get(restored.service, []):
        if row.what in {"state", "position"} and row.place > restored.kept:
            done = restored.halted + GATE_SECONDS < row.at < restored.decided
            what = "nothing is handled once it is known that something is forgotten"
            check.that(not done, what, f"{where}, {row.what} of key {row.key}", "", f"{row.at - restored.halted:.2f} s")
