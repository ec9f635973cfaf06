"""From the desk to the provider: nobody opens a profile before the seat, the provider does afterwards, and no more
after the end. Both services run here, each with keys of its own, and hear what the other tells."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from chassis.pure.retention import TermOver
from chassis.pure.sealing import Handed, Rewrap, VaultError
from referral import consumers as desk_consumers
from referral.domain.profile import Share
from tests.support.conversation import Conversation
from tests.support.keys import line, organisations, vault_of
from tests.support.memory import NOW, SYSTEM
from tests.support.memory_api import MemoryApi
from tests.support.referral.news import CASE, LAGOS
from tests.support.referral.web import PROFILE
from tests.support.referral.world import Desk, sealed
from tests.support.repeating import Backup
from tests.support.training.world import CLERK, ELEC, PAINT, SCOUT, World, done, painting
from tests.support.web import problem
from training import consumers
from training.app import SERVICE
from training.commands import CancelEnrolment, CompleteEnrolment, RequestEnrolment
from training.contracts import ProfileKeyRevoked, ProfileKeyShared, ProfileSealed
from training.events import ProfileKeyDestroyed
from training.retention import KEEPS
from vocabulary.handed import ProfileKey, SealedProfile
from vocabulary.profiles import BOX, FIELDS, key_id_of
from vocabulary.receiving import REHANDING

WHO = {"roles": ["training_clerk"], "org": PAINT}
PARTS = ("identity", "contact")
KNOWN = {name: PROFILE[name] for part in PARTS for name in FIELDS[part] if name in PROFILE}


class Chain:
    """A desk with somebody who may be trained, and the providers; each service hears the other in order."""

    def __init__(self, consent: str = PAINT) -> None:
        self.desk, self.world = Desk(), World()
        self.providers = self.world.service
        self.desk.service.vault = vault_of(line("desk", 1), organisations=organisations(PAINT, ELEC, LAGOS))
        self.providers.vault = vault_of(line("own", 2), organisations=organisations(PAINT, opening=[PAINT]))
        self.talk = Conversation(CASE, (self.desk.service, desk_consumers.EVENTS), (self.providers, consumers.EVENTS))
        done(self.desk.open(profile=sealed(self.desk.service.vault, PROFILE)))
        done(self.desk.grant(consent, purpose="training"))
        self.settle()
        self.session: UUID = done(self.providers.command(painting(), CLERK)).answer.session_id

    def settle(self, hold_back: str = "") -> None:
        """Each hears what the other has told of the person; but for events of this name."""
        self.talk.settle(hold_back)

    def enrolled(self, hold_back: str = "") -> UUID:
        outcome = done(self.providers.command(RequestEnrolment(self.session, CASE), SCOUT))
        self.settle(hold_back)
        enrolment_id: UUID = outcome.answer.enrolment_id
        return enrolment_id

    def shown(self, enrolment: UUID, who: dict[str, Any] = WHO) -> Any:
        return MemoryApi(SERVICE, self.providers).get(f"/enrolments/{enrolment}/profile", who)

    def everything(self) -> str:
        """All that the providers' service has, and all that the topics have told."""
        return " ".join(
            [
                *(text for rows in self.providers.rows.values() for text in rows.values()),
                *(event.model_dump_json() for event in (*self.desk.service.events, *self.providers.events)),
            ]
        )


def waiting() -> tuple[Chain, UUID]:
    """The only seat is another person's, so this one waits."""
    chain = Chain()
    chain.world.ready("amina")
    chain.world.enrolled("amina", chain.session)
    return chain, chain.enrolled()


def test_before_the_seat_database_private_key_and_topics_together_open_nothing() -> None:
    chain, enrolment = waiting()
    problem(chain.shown(enrolment), 403, "not_taking_part")
    everything = chain.everything()
    assert not any(box in everything for box in chain.desk.profile.boxes.values()), "not even the ciphertext is there"
    assert chain.providers.all(ProfileKey) == []


def test_nor_do_they_once_a_centre_has_the_person_and_the_ciphertext_is_there() -> None:
    chain, enrolment = waiting()
    done(chain.desk.grant())
    done(chain.desk.refer())
    chain.desk.tell(chain.desk.accepted())
    chain.settle()
    profile: SealedProfile = chain.providers.state(SealedProfile, CASE)
    assert set(profile.boxes) == set(PARTS), "what is opened nowhere here is not kept"
    assert chain.providers.all(ProfileKey) == []
    problem(chain.shown(enrolment), 403, "not_taking_part")
    shared = [event for event in chain.desk.service.events if type(event).__name__ == "ProfileKeyShared"]
    assert {event.receiver for event in shared} == {LAGOS}
    for (part, box), event in product(profile.boxes.items(), shared):
        handed = Handed(event.receiver_key, "".join(event.wrapped))
        for receiver in (PAINT, LAGOS):  # the private key of the provider, under whatever name
            with pytest.raises((VaultError, LookupError)):
                chain.providers.vault.open_handed(CASE, part, handed, receiver, {BOX: box.box}, str(box.sealing))


def test_with_the_seat_the_provider_sees_who_it_is_and_how_they_are_reached_and_nobody_else_does() -> None:
    chain = Chain()
    enrolment = chain.enrolled()
    shown = chain.shown(enrolment).json()
    assert {name: shown[name] for name in KNOWN} == KNOWN
    assert (shown["case_id"], shown["enrolment_id"]) == (str(CASE), str(enrolment))
    assert "notes" not in shown
    assert [(each["part"], each["status"]) for each in shown["parts"]] == [(part, "open") for part in PARTS]
    problem(chain.shown(enrolment, {"roles": ["training_clerk"], "org": ELEC}), 403, "other_organisation")
    for role, org in (("scout", SCOUT.org), ("programme_manager", "programme:desk"), ("centre_counsellor", LAGOS)):
        problem(chain.shown(enrolment, {"roles": [role], "org": org}), 403, "role_required")
    problem(chain.shown(UUID(int=1)), 404, "enrolment_not_found")
    published = chain.everything()
    assert not any(value in published for value in PROFILE.values() if value not in {"female", "ha"})


def test_who_waits_is_shown_with_the_seat_and_not_before() -> None:
    chain, enrolment = waiting()
    [other] = [each.id for each in chain.world.session(chain.session).enrolments if each.id != enrolment]
    chain.providers.now = chain.desk.service.now = NOW + timedelta(hours=2)
    problem(chain.shown(enrolment), 403, "not_taking_part")
    done(chain.world.cancel(other))
    chain.settle()
    parts = chain.shown(enrolment).json()["parts"]
    assert {(each["status"], each["since"]) for each in parts} == {("open", "2026-03-02T11:00:00Z")}


def test_without_the_providers_private_key_its_database_opens_nothing() -> None:
    chain = Chain()
    enrolment = chain.enrolled()
    chain.providers.vault = vault_of(line("own", 2), organisations=organisations(PAINT))
    problem(chain.shown(enrolment), 503, "vault_locked")


@pytest.mark.parametrize("late", ["ProfileKeyShared", "ProfileSealed"])
def test_until_key_and_ciphertext_have_come_the_view_says_so(late: str) -> None:
    chain = Chain()
    enrolment = chain.enrolled(hold_back=late)
    shown = chain.shown(enrolment).json()
    assert {each["status"] for each in shown["parts"]} == {"key_on_its_way"}
    assert shown["given_name"] is None


def test_of_whom_no_profile_was_told_the_provider_is_told_so() -> None:
    world = World()
    world.ready("amina")
    enrolment = world.enrolled("amina", world.scheduled())
    problem(MemoryApi(SERVICE, world.service).get(f"/enrolments/{enrolment}/profile", WHO), 404, "profile_not_told")


@pytest.mark.parametrize("how", ["cancelled", "completed", "consent"])
def test_after_the_end_the_providers_copy_is_gone_and_the_desk_knows(how: str) -> None:
    chain = Chain()
    enrolment = chain.enrolled()
    match how:
        case "cancelled":
            done(chain.providers.command(CancelEnrolment(chain.session, enrolment), CLERK))
        case "completed":
            chain.providers.now = chain.desk.service.now = NOW + timedelta(days=18)
            day = chain.providers.now.date()
            done(chain.providers.command(CompleteEnrolment(chain.session, enrolment, "passed", 20, day, ()), CLERK))
        case _:
            done(chain.desk.withdraw_consent())
    chain.settle()
    keys: list[ProfileKey] = chain.providers.all(ProfileKey)
    assert {(key.status, key.wrapped, key.key) for key in keys} == {("destroyed", None, None)}
    problem(chain.shown(enrolment), 403, "not_taking_part")
    told = [event for event in chain.providers.events if isinstance(event, ProfileKeyDestroyed)]
    assert {(event.part, event.receiver) for event in told} == {(part, PAINT) for part in PARTS}
    shares: tuple[Share, ...] = chain.desk.stored.shares
    assert {share.status for share in shares} == {"destroyed"}


def test_a_profile_that_germany_has_destroyed_is_revoked_here() -> None:
    chain = Chain()
    enrolment = chain.enrolled()
    chain.desk.destroy()
    chain.providers.now = chain.desk.service.now
    chain.settle()
    shown = chain.shown(enrolment).json()
    assert ({each["status"] for each in shown["parts"]}, shown["given_name"]) == ({"revoked"}, None)


def test_a_consent_that_has_ended_shows_nobody_before_the_key_is_taken_back() -> None:
    chain = Chain()
    enrolment = chain.enrolled()
    chain.providers.now = NOW + timedelta(days=400)
    problem(chain.shown(enrolment), 403, "not_taking_part")


def test_a_key_that_a_centre_is_handed_is_not_kept_here_and_not_answered() -> None:
    chain = Chain()
    done(chain.desk.grant())
    done(chain.desk.refer())
    chain.desk.tell(chain.desk.accepted(), chain.desk.completed())
    chain.settle()
    assert chain.providers.all(ProfileKey) == []
    assert not any(isinstance(event, ProfileKeyDestroyed) for event in chain.providers.events)


def test_a_part_that_a_desk_will_have_one_day_parks_nothing_and_its_key_is_given_back() -> None:
    """The list of parts grows, and so do the kinds of those who are handed keys."""
    chain = Chain()
    enrolment = chain.enrolled()
    shared = next(each for each in chain.desk.service.events if type(each).__name__ == "ProfileKeyShared")
    told = shared.model_dump() | {"key_id": key_id_of(CASE, "documents", PAINT), "part": "documents"}
    done(chain.providers.event(ProfileKeyShared.model_validate(told)))
    done(chain.providers.event(ProfileKeyShared.model_validate(told | {"receiver": "partner:CARITAS"})))
    last = [each for each in chain.desk.service.events if type(each).__name__ == "ProfileSealed"][-1].model_dump()
    more = {**last, "parts": (*last["parts"], {**last["parts"][0], "part": "documents"})}
    done(chain.providers.event(ProfileSealed.model_validate(more)))
    shown = chain.shown(enrolment).json()
    assert [each["part"] for each in shown["parts"]] == list(PARTS)
    assert shown["given_name"] == PROFILE["given_name"]
    gone = {name: told[name] for name in ("key_id", "case_id", "part", "receiver")} | {"revoked_at": NOW}
    done(chain.providers.event(ProfileKeyRevoked.model_validate(gone)))
    answer = ProfileKeyDestroyed(case_id=CASE, part="documents", receiver=PAINT, revoked_at=NOW)
    assert chain.providers.events[-1] == answer


def test_what_was_handed_over_comes_to_a_new_generation_and_goes_with_its_term() -> None:
    chain = Chain()
    enrolment = chain.enrolled()
    pairs = organisations(PAINT, opening=[PAINT])
    chain.providers.vault = vault_of(line("own", 2), line("next", 3, "2026-01-01T00:00:00Z"), organisations=pairs)
    for key in chain.providers.all(ProfileKey):
        done(chain.providers._run(REHANDING, Rewrap(key.id), SYSTEM, NOW))
    chain.providers.vault = vault_of(line("next", 3), organisations=pairs)
    assert chain.shown(enrolment).json()["given_name"] == PROFILE["given_name"]
    [kept] = [each for each in KEEPS if each.kind == "profile"]
    done(chain.providers._run(kept.handler, TermOver("profile", CASE), SYSTEM, NOW))
    assert chain.providers.all(SealedProfile) == chain.providers.all(ProfileKey) == []


def test_a_restored_database_that_has_forgotten_that_a_copy_is_gone_opens_nothing_with_it() -> None:
    chain = Chain()
    enrolment = chain.enrolled()
    backup = Backup(chain.providers, SERVICE.repeats)
    done(chain.providers.command(CancelEnrolment(chain.session, enrolment), CLERK))
    chain.settle()
    backup.put_back()
    backup.go_on()
    assert {key.status for key in chain.providers.all(ProfileKey)} == {"destroyed"}


def test_what_is_read_again_of_a_key_that_is_gone_does_not_bring_it_back() -> None:
    chain = Chain()
    backup = Backup(chain.providers, SERVICE.repeats)
    enrolment = chain.enrolled()
    shared = [each for each in chain.desk.service.events if type(each).__name__ == "ProfileKeyShared"]
    chain.providers.now += timedelta(hours=1)
    done(chain.providers.command(CancelEnrolment(chain.session, enrolment), CLERK))
    chain.settle()
    backup.put_back()
    for each in shared:
        chain.providers.event(
            ProfileKeyShared.model_validate(each.model_dump()), chain.desk.service.now - timedelta(days=1)
        )
    assert {key.status for key in chain.providers.all(ProfileKey)} == {"destroyed"}


def test_with_the_last_day_of_the_course_the_view_ends() -> None:
    chain = Chain()
    enrolment = chain.enrolled()
    chain.providers.advance(timedelta(days=60))
    problem(chain.shown(enrolment), 403, "not_taking_part")
