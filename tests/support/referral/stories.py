"""Stories of one case: what the desk does, and what centres, providers and placement tell of it, each in its order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.support.memory import NOW
from tests.support.referral.model import ACC, EDO, LOS

DESK, CENTRES, PROVIDERS, EMPLOYERS = "desk", "counselling", "training", "placement"
STREAMS = (DESK, CENTRES, PROVIDERS, EMPLOYERS)
RECIPIENTS = (("country:NG",), (LOS,), (EDO,), ("country:NG", "country:GH"), ("provider:TRADE-PAINT",))
NEEDS = (("employment",), ("housing",), ("employment", "housing"), ("documents",))
HOURS = st.sampled_from((0, 1, 14, 30, 200))
"""From 9:00 UTC on; 14 hours later it is the next day in Germany and Nigeria, and not yet in Ghana."""


DAYS = st.sampled_from((0, 3, 400))
"""For how long a consent is given, beyond the day on which it is signed."""


AFTER = {
    "accepted": "accepted",
    "reopened": "accepted",
    "late": "received",
    "rejected": "over",
    "completed": "ended",
    "failed": "ended",
}
"""Where a centre's word brings a referral."""


class Step(NamedTuple):
    """One thing that happens in one stream, at a time of its own."""

    what: str
    at: datetime
    ref: tuple[str, int] = ("", 0)
    value: Any = None


class Story(NamedTuple):
    """The steps of every stream."""

    streams: Mapping[str, tuple[Step, ...]]


@st.composite
def at_the_desk(draw: st.DrawFn) -> tuple[Step, ...]:
    at = NOW
    papers = draw(st.lists(st.sampled_from(RECIPIENTS[:4]), max_size=2))
    steps = [Step("grant", at, value=(recipients, 400)) for recipients in (RECIPIENTS[3], *papers)]
    steps.append(Step("refer", at, ("root", 0), (NEEDS[0], None)))
    for _ in range(draw(st.integers(0, 8))):
        at += timedelta(hours=draw(HOURS))
        what = draw(st.sampled_from(("grant", "revoke", "revoke", "refer", "withdraw", "withdraw", "travel", "travel")))
        roots = sum(step.what == "refer" for step in steps)
        ref: tuple[str, int] = ("", 0)
        value: Any = None
        if what == "grant":
            value = (draw(st.sampled_from(RECIPIENTS)), draw(DAYS))
        elif what == "refer":
            ref, value = ("root", roots), (draw(st.sampled_from(NEEDS)), draw(st.sampled_from((None, None, EDO))))
        elif what == "revoke":
            value = draw(st.integers(0, sum(step.what == "grant" for step in steps) - 1))
        elif what == "withdraw":
            ref = draw(st.sampled_from([("root", number) for number in range(roots)] + [("child", 0), ("child", 1)]))
        else:
            what = draw(
                st.sampled_from(("plan", "plan", "book", "move", "call off", "leave", "leave", "miss", "divert"))
            )
            value = (draw(st.sampled_from((-40, -2, 0, 5, 60))), draw(st.sampled_from((0, 10))))
        steps.append(Step(what, at, ref, value))
    return tuple(steps)


@st.composite
def at_the_centres(draw: st.DrawFn, roots: int) -> tuple[Step, ...]:
    """What centres could say that hear nothing of a withdrawal; a centre that hears of it says less."""
    at, steps, heard, children = NOW, list[Step](), 0, 0
    live: dict[tuple[str, int], str] = {}
    for _ in range(draw(st.integers(1, 12))):
        at += timedelta(hours=draw(HOURS), seconds=1)  # two words of a centre have two times
        waiting = sorted(ref for ref, status in live.items() if status == "received")
        held = sorted(ref for ref, status in live.items() if status == "accepted")
        ended = sorted(ref for ref, status in live.items() if status == "ended")
        acts = ["arrived", "contact", "assessed", "in vain"]
        acts += ["received"] * 4 if heard < roots else []
        acts += ["accepted", "rejected", "redirected", "redirected", "late"] if waiting else []
        acts += ["completed", "failed", "failed", "signed", "signed", "signed"] if held else []
        acts += ["reopened", "reopened"] if ended else []
        what = draw(st.sampled_from(acts))
        if what == "received":
            ref, heard = ("root", heard), heard + 1
            live[ref] = "received"
            steps.append(Step(what, at, ref))
        elif what == "redirected":
            ref, child = draw(st.sampled_from(waiting)), ("child", children)
            children += 1
            live[ref], live[child] = "over", "received"
            steps.append(Step(what, at, ref, (child, draw(st.sampled_from((LOS, EDO, ACC))))))
            steps.append(Step("received", at, child))
        elif what == "signed":
            value = (draw(st.sampled_from(RECIPIENTS)), draw(DAYS))
            steps.append(Step(what, at, draw(st.sampled_from(held)), value))
        elif what in ("accepted", "rejected", "late", "completed", "failed", "reopened"):
            of = {"completed": held, "failed": held, "reopened": ended}.get(what, waiting)
            ref = draw(st.sampled_from(of))
            live[ref] = AFTER[what]
            steps.append(Step(what, at, ref, draw(st.integers(1, 3))))
        else:
            steps.append(Step(what, at, value=draw(st.integers(0, 9))))
    return tuple(steps)


@st.composite
def elsewhere(draw: st.DrawFn, acts: Sequence[str]) -> tuple[Step, ...]:
    """What is told of enrolments, or of offers; nothing is requested or offered twice under one id."""
    at, steps = NOW, list[Step]()
    for number in range(draw(st.integers(0, 5))):
        at += timedelta(hours=draw(HOURS))
        what = draw(st.sampled_from(acts))
        steps.append(Step(what, at, value=number if what == acts[0] else draw(st.integers(0, 2))))
    return tuple(steps)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    desk = draw(at_the_desk())
    return Story(
        {
            DESK: desk,
            CENTRES: draw(at_the_centres(sum(step.what == "refer" for step in desk))),
            PROVIDERS: draw(elsewhere(("EnrolmentRequested", "EnrolmentConfirmed", "EnrolmentWaitlisted", "taken"))),
            EMPLOYERS: draw(elsewhere(("JobOffered", "JobOfferAccepted", "JobOfferExpired", "works"))),
        }
    )


@st.composite
def interleavings(draw: st.DrawFn, story: Story) -> list[tuple[str, int]]:
    """Stream and number of each delivery: in order per stream, a referral before a centre's word on it, some twice."""
    heard, order = dict.fromkeys(STREAMS, 0), list[tuple[str, int]]()
    while ready := [name for name in STREAMS if _may_come(story, heard, name)]:
        name = draw(st.sampled_from(ready))
        heard[name] += 1
        first = draw(st.integers(1, heard[name])) if draw(st.integers(0, 5)) == 0 else heard[name]
        order.extend((name, number) for number in range(first, heard[name] + 1))
    return order


def _may_come(story: Story, heard: Mapping[str, int], name: str) -> bool:
    steps = story.streams[name]
    if heard[name] == len(steps):
        return False
    step = steps[heard[name]]
    if name != CENTRES or step.ref[0] != "root":
        return True
    return any(done.what == "refer" and done.ref == step.ref for done in story.streams[DESK][: heard[DESK]])


def let_through(order: Sequence[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """What positions let through: every number of a stream once, in order."""
    last = dict.fromkeys(STREAMS, 0)
    for name, number in order:
        if number == last[name] + 1:
            last[name] = number
            yield name, number
