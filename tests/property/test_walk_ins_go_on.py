"""What a desk takes back in Germany ends no seat and no way into a vacancy while a centre still helps the person.

A centre had taken the person in, and a desk has adopted the case: beside that support it refers the person, and takes
that back, in any order. What ends in the end is what the model of this test says, and nothing before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.memory import NOW
from tests.support.placement import world as placement
from tests.support.placement.world import DAY, LAGOS, OTHER_CASE, consent
from tests.support.training.world import SCOUT, World, done, id_of
from training.contracts import CaseAdopted

Step = tuple[Literal["refer", "withdraw"], str]
SUPPORT = "support"
STEPS = st.lists(
    st.tuples(st.sampled_from(["refer", "withdraw"]), st.sampled_from(["one", "two", SUPPORT])), max_size=8
)


def told(steps: Sequence[Step]) -> list[tuple[Step, bool]]:
    """What a desk can tell of these steps, and whether a centre helps the person after it, or is asked to."""
    referred, withdrawn, found = set[str](), set[str](), list[tuple[Step, bool]]()
    for act, what in steps:
        if act == "refer" and what != SUPPORT and what not in referred:
            referred.add(what)
        elif act == "withdraw" and what not in withdrawn and (what == SUPPORT or what in referred):
            withdrawn.add(what)
        else:
            continue
        open_ = bool(referred - withdrawn) or SUPPORT not in withdrawn
        found.append(((act, what), open_))  # type: ignore[arg-type]
    return found


@settings(max_examples=60)
@given(STEPS)
def test_no_seat_ends_while_a_centre_helps_the_person_and_a_consent_carries_it(steps: Sequence[Step]) -> None:
    world = World()
    facts = {"case_ref": "PH-HN3KZ0A-6", "target_group": "RETURNEE_DE", "country": "NG", "language": "en"}
    adopted = CaseAdopted.model_validate({"case_id": id_of("amina"), "desk": SCOUT.org, "age_band": "25_34", **facts})
    done(world.service.event(adopted))
    world.granted("amina")
    seat = world.enrolled("amina", world.scheduled())
    held = True
    for (act, what), open_ in told(steps):
        if act == "refer":
            world.referred("amina", what)
        else:
            world.referral_withdrawn("amina", what, walk_in=what == SUPPORT or None)
        held = held and open_
        assert world.standing(seat)[0] == ("confirmed" if held else "cancelled"), (act, what)
    world.consent_withdrawn("amina")
    assert world.standing(seat)[0] == "cancelled"


@settings(max_examples=60)
@given(STEPS)
def test_no_candidacy_ends_while_a_centre_helps_the_person_and_a_consent_carries_it(steps: Sequence[Step]) -> None:
    world = placement.World()
    ids = {"one": UUID(int=51), "two": UUID(int=52), SUPPORT: UUID(int=53)}
    taken_in = placement.contracts.CaseOpened(
        case_id=OTHER_CASE,
        centre=LAGOS,
        country="NG",
        referral_id=ids[SUPPORT],
        target_group="RETURNEE_DE",
        language="en",
        age_band="25_34",
        case_ref="PH-7K3M9QX-F",
    )
    world.tell(taken_in, consent("matching", LAGOS, number=41, case_id=OTHER_CASE), at=NOW)
    way = world.shortlist(OTHER_CASE)
    held = True
    for number, ((act, what), open_) in enumerate(told(steps), start=1):
        at = NOW + number * DAY / 24
        if act == "refer":
            world.tell(placement.referred(OTHER_CASE, ids[what], root_referral_id=ids[what]), at=at)
        else:
            world.tell(placement.withdrawn(ids[what], case_id=OTHER_CASE, walk_in=what == SUPPORT or None), at=at)
        held = held and open_
        assert world.candidacy(way).status == ("shortlisted" if held else "closed"), (act, what)
