"""From the desk in Germany to a placement desk: nobody there opens a profile before the pick, the desk that has picked
the person does afterwards, and no more after the end. Both services run here, each with keys of its own."""

from __future__ import annotations

from itertools import product
from typing import Any
from uuid import UUID

import pytest

from chassis.pure.retention import TermOver
from chassis.pure.sealing import Handed, VaultError
from placement import commands, consumers
from placement.app import SERVICE
from placement.events import ProfileKeyDestroyed
from placement.retention import KEEPS
from referral import consumers as desk_consumers
from referral import contracts
from referral.domain.profile import Share
from tests.support.conversation import Conversation
from tests.support.keys import line, organisations, vault_of
from tests.support.memory import NOW, SYSTEM
from tests.support.memory_api import MemoryApi
from tests.support.placement.world import CASE, EDO, LAGOS, World, consent_gone
from tests.support.referral.web import PROFILE
from tests.support.referral.world import Desk, done, sealed
from tests.support.web import problem
from vocabulary.handed import ProfileKey, SealedProfile, placement_desk
from vocabulary.profiles import BOX, FIELDS, box_of

PARTS = ("identity", "contact")
KNOWN = {name: PROFILE[name] for part in PARTS for name in FIELDS[part] if name in PROFILE}
DESK = placement_desk(LAGOS)
OF_PROFILES = {"ProfileSealed", "ProfileKeyShared", "ProfileKeyRevoked", "ProfileKeyDestroyed"}
OF_WAYS = {"CandidateShortlisted", "CandidacyClosed", "EmploymentStarted"}
"""What the two say to each other here; of referral and consents each has heard before."""


def officer(centre: str = LAGOS) -> dict[str, Any]:
    return {"roles": ["placement_officer"], "org": centre}


class Chain:
    """Somebody whom Lagos has in its care, which may know all of them, and whom its placement desk may pick."""

    def __init__(self, matching: str = "country:NG") -> None:
        self.desk, self.world = Desk(), World()
        self.placement = self.world.service
        self.desk.service.vault = vault_of(line("desk", 1), organisations=organisations(LAGOS, EDO, DESK))
        self.placement.vault = vault_of(line("own", 2), organisations=organisations(DESK, opening=[DESK]))
        self.talk = Conversation(CASE, (self.desk.service, desk_consumers.EVENTS), (self.placement, consumers.EVENTS))
        done(self.desk.open(profile=sealed(self.desk.service.vault, PROFILE)))
        done(self.desk.grant())
        done(self.desk.grant(matching, purpose="matching"))
        done(self.desk.refer())
        self.desk.tell(self.desk.accepted())
        self.settle()

    def settle(self, hold_back: str = "") -> None:
        self.talk.settle(hold_back, OF_PROFILES | OF_WAYS)

    def picked(self, hold_back: str = "") -> UUID:
        candidacy = self.world.shortlist()
        self.settle(hold_back)
        return candidacy

    def shown(self, candidacy: UUID, who: dict[str, Any] | None = None) -> Any:
        return MemoryApi(SERVICE, self.placement).get(f"/candidacies/{candidacy}/profile", who or officer())

    def open_to(self) -> set[tuple[str, str]]:
        shares: tuple[Share, ...] = self.desk.stored.shares
        return {(each.receiver, each.part) for each in shares if each.status == "shared"}


def test_before_the_pick_database_private_key_and_topics_together_open_nothing() -> None:
    """Though the centre of that very desk has the person in its care, and every key of them on the topic."""
    chain = Chain()
    profile: SealedProfile = chain.placement.state(SealedProfile, CASE)
    assert set(profile.boxes) == set(PARTS), "what is opened nowhere here is not kept"
    assert chain.placement.all(ProfileKey) == []
    shared = [event for event in chain.desk.service.events if type(event).__name__ == "ProfileKeyShared"]
    assert {event.receiver for event in shared} == {LAGOS}
    for (part, box), event in product(profile.boxes.items(), shared):
        handed = Handed(event.receiver_key, box_of(event.wrapped))
        for name in (DESK, LAGOS):  # the private key of the desk, under whatever name
            with pytest.raises((VaultError, LookupError)):
                chain.placement.vault.open_handed(CASE, part, handed, name, {BOX: box.box}, str(box.sealing))


def test_with_the_pick_the_desk_sees_who_it_is_and_how_they_are_reached_and_nobody_else_does() -> None:
    chain = Chain()
    candidacy = chain.picked()
    shown = chain.shown(candidacy).json()
    assert {name: shown[name] for name in KNOWN} == KNOWN
    assert (shown["case_id"], shown["candidacy_id"]) == (str(CASE), str(candidacy))
    assert "notes" not in shown
    assert [(each["part"], each["status"]) for each in shown["parts"]] == [(part, "open") for part in PARTS]
    assert chain.open_to() == {(DESK, part) for part in PARTS} | {(LAGOS, part) for part in FIELDS}
    problem(chain.shown(candidacy, officer(EDO)), 403, "other_organisation")
    for role, org in (("programme_manager", "programme:desk"), ("centre_counsellor", LAGOS)):
        problem(chain.shown(candidacy, {"roles": [role], "org": org}), 403, "role_required")
    problem(chain.shown(UUID(int=1)), 404, "candidacy_not_found")
    stored = str(chain.placement.snapshot()["states"])
    assert not any(value in stored for value in PROFILE.values() if value not in {"female", "ha"})


def test_without_a_consent_for_it_germany_hands_nothing_over() -> None:
    chain = Chain(matching=EDO)
    candidacy = chain.picked()  # the placement desk has heard of a consent of which Germany knows nothing
    assert chain.open_to() == {(LAGOS, part) for part in FIELDS}
    assert {each["status"] for each in chain.shown(candidacy).json()["parts"]} == {"key_on_its_way"}


@pytest.mark.parametrize("late", ["ProfileKeyShared", "CandidateShortlisted"])
def test_until_the_key_comes_the_view_says_so(late: str) -> None:
    chain = Chain()
    shown = chain.shown(chain.picked(hold_back=late)).json()
    assert {each["status"] for each in shown["parts"]} == {"key_on_its_way"}
    assert shown["given_name"] is None


@pytest.mark.parametrize("how", ["closed", "employed", "consent"])
def test_after_the_end_the_desks_copy_is_gone_and_germany_knows(how: str) -> None:
    chain = Chain()
    if how == "employed":
        candidacy = chain.world.start()
    else:
        candidacy = chain.picked()
        chain.settle()
    match how:
        case "closed":
            chain.world.do(commands.CloseCandidacy(*chain.world.ids(candidacy), "not_suitable", "officer"))
        case "consent":
            chain.world.tell(consent_gone())
            done(chain.desk.withdraw_consent(chain.desk.consents[1]))
    chain.settle()
    assert chain.open_to() == {(LAGOS, part) for part in FIELDS}, "the centre that has the person keeps its own"
    keys: list[ProfileKey] = chain.placement.all(ProfileKey)
    assert {(key.status, key.wrapped, key.key) for key in keys} == {("destroyed", None, None)}
    assert chain.shown(candidacy).status_code in {403, 404}
    told = [event for event in chain.placement.events if isinstance(event, ProfileKeyDestroyed)]
    assert {(event.part, event.receiver) for event in told} == {(part, DESK) for part in PARTS}
    shares: tuple[Share, ...] = chain.desk.stored.shares
    assert {share.status for share in shares if share.receiver == DESK} == {"destroyed"}


def test_of_a_pick_that_does_not_say_whose_it_is_nothing_follows() -> None:
    chain = Chain()
    chain.desk.tell(contracts.CandidateShortlisted(case_id=CASE, candidacy_id=UUID(int=7)))
    assert chain.open_to() == {(LAGOS, part) for part in FIELDS}


def test_whom_nobody_has_told_of_is_shown_as_that() -> None:
    world = World()
    api = MemoryApi(SERVICE, world.service)
    problem(api.get(f"/candidacies/{world.shortlist()}/profile", officer()), 404, "profile_not_told")


def test_with_its_term_the_profile_goes_with_every_key_that_was_handed_over() -> None:
    chain = Chain()
    chain.picked()
    assert len(chain.placement.all(ProfileKey)) == len(PARTS)
    [kept] = [each for each in KEEPS if each.kind == "profile"]
    done(chain.placement._run(kept.handler, TermOver("profile", CASE), SYSTEM, NOW))
    assert chain.placement.all(SealedProfile) == chain.placement.all(ProfileKey) == []
