"""From the desk to the centre: nobody opens a profile before the acceptance, the centre does afterwards, and no more
after the end. Both services run here, each with keys of its own, and hear what the other tells."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from chassis.pure.messages import Contract
from chassis.pure.retention import TermOver
from chassis.pure.sealing import Rewrap, VaultError
from counselling import consumers
from counselling.app import SERVICE
from counselling.events import ProfileKeyDestroyed
from counselling.retention import KEEPS
from referral import commands
from referral import consumers as desk_consumers
from referral.events import ProfileKeyShared
from tests.support.counselling.world import CASE, EDO, LAGOS, done
from tests.support.counselling.world import Desk as Centre
from tests.support.keys import line, organisations, vault_of
from tests.support.memory import NOW, SYSTEM
from tests.support.memory_api import MemoryApi
from tests.support.referral.web import PROFILE
from tests.support.referral.world import Desk, sealed
from tests.support.web import problem
from vocabulary.handed import ProfileKey, SealedProfile
from vocabulary.profiles import BOX, FIELDS
from vocabulary.receiving import REHANDING, to_open

COUNSELLOR = {"roles": ["centre_counsellor"], "org": LAGOS}
MANAGER = {"roles": ["centre_manager"], "org": LAGOS}


class Chain:
    """A desk that has referred somebody to Lagos, and the centres; each service hears the other in order."""

    def __init__(self) -> None:
        self.desk, self.centre = Desk(), Centre()
        self.desk.service.vault = vault_of(line("desk", 1), organisations=organisations(LAGOS, EDO))
        self.centre.service.vault = vault_of(line("centre", 2), organisations=organisations(LAGOS, opening=[LAGOS]))
        self.heard = [0, 0]
        done(self.desk.open(profile=sealed(self.desk.service.vault, PROFILE)))
        done(self.desk.grant())
        done(self.desk.refer(needs=("employment", "health")))
        self.settle()

    def settle(self, hold_back: str = "") -> None:
        """Delivers until nothing is new; but for events of this name."""
        pairs = (
            (self.desk.service, self.centre.service, consumers.EVENTS),
            (self.centre.service, self.desk.service, desk_consumers.EVENTS),
        )
        for _ in range(5):
            for number, (teller, hearer, known) in enumerate(pairs):
                contracts: dict[str, type[Contract]] = {each.type: each for each in known}
                for event in teller.events[self.heard[number] :]:
                    contract = contracts.get(type(event).type)
                    if contract is not None and type(event).__name__ != hold_back:
                        done(hearer.event(contract.model_validate_json(event.model_dump_json())))
                self.heard[number] = len(teller.events)

    def accept(self) -> None:
        [referral_id] = self.desk.referrals
        done(self.centre.accept(referral_id=referral_id))
        self.settle()

    def shown(self, who: dict[str, Any] = COUNSELLOR) -> Any:
        return MemoryApi(SERVICE, self.centre.service).get(f"/files/{CASE}/profile", who)


def test_before_the_acceptance_no_key_and_no_topic_opens_anything() -> None:
    chain = Chain()
    problem(chain.shown(), 403, "not_taken_on")
    everything = " ".join(
        [
            *(text for rows in chain.centre.service.rows.values() for text in rows.values()),
            *(event.model_dump_json() for event in chain.desk.service.events),
        ]
    )
    held = {text for boxes in chain.desk.profile.boxes.values() for text in [boxes]}
    assert not any(box in everything for box in held), "not even the ciphertext is there"
    keys = chain.desk.stored.profile_keys
    for part, key in keys.items():  # who has stolen the desk's table of cases cannot open it with the centre's keys
        with pytest.raises(VaultError):
            chain.centre.service.vault.open(CASE, part, key.key, {BOX: "AAAA"}, str(key.sealing))


def test_after_the_acceptance_the_centre_sees_who_it_is_and_nobody_else_does() -> None:
    chain = Chain()
    chain.accept()
    shown = chain.shown().json()
    assert {name: shown[name] for name in PROFILE} == PROFILE
    preview = chain.centre.file.referrals[0].preview
    assert (preview.needs, shown["needs"]) == (("employment", "further_needs"), ["employment", "health"])
    assert [(each["part"], each["status"]) for each in shown["parts"]] == [(part, "open") for part in FIELDS]
    assert chain.shown(MANAGER).status_code == 200
    problem(chain.shown({"roles": ["programme_manager"], "org": "programme:desk"}), 403, "role_required")
    problem(chain.shown({"roles": ["placement_officer"], "org": LAGOS}), 403, "role_required")
    problem(chain.shown({"roles": ["centre_counsellor"], "org": EDO}), 403, "other_organisation")
    stored = str(chain.centre.service.snapshot()["states"])
    assert not any(value in stored for value in PROFILE.values() if value not in {"female", "ha"})


def test_without_the_centres_private_key_its_database_opens_nothing() -> None:
    chain = Chain()
    chain.accept()
    chain.centre.service.vault = vault_of(line("centre", 2), organisations=organisations(LAGOS))
    problem(chain.shown(), 503, "vault_locked")
    other = vault_of(line("centre", 2), organisations=organisations(EDO, opening=[EDO]))
    profile: SealedProfile = chain.centre.service.state(SealedProfile, CASE)
    for key, part in product(chain.centre.service.all(ProfileKey), FIELDS):
        box = profile.boxes[part]
        handed = to_open(key, chain.centre.service.vault)
        assert handed is not None
        with pytest.raises(VaultError):
            other.open_handed(CASE, part, handed, EDO, {BOX: box.box}, str(box.sealing))


def test_a_key_by_a_suite_that_is_newer_than_the_program_is_parked_for_nothing_and_opens_once_it_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chain = Chain()
    monkeypatch.setattr("referral.handlers.sharing.ProfileKeyShared", of_tomorrow)
    chain.accept()
    shown = chain.shown().json()
    assert {each["status"] for each in shown["parts"]} == {"key_on_its_way"}
    assert shown["given_name"] is None
    monkeypatch.setattr("vocabulary.receiving.SUITE", "a_suite_of_tomorrow")
    assert chain.shown().json()["given_name"] == PROFILE["given_name"]


def of_tomorrow(**facts: Any) -> ProfileKeyShared:
    return ProfileKeyShared(**{**facts, "suite": "a_suite_of_tomorrow"})


def test_a_key_that_was_handed_over_rests_under_the_generations_of_the_service_and_comes_to_a_new_one() -> None:
    chain = Chain()
    chain.accept()
    pairs = organisations(LAGOS, opening=[LAGOS])
    private_key_alone = vault_of(line("other", 9), organisations=pairs)
    service = chain.centre.service
    service.vault = private_key_alone
    problem(chain.shown(), 503, "vault_locked")
    service.vault = vault_of(line("centre", 2), line("next", 3, "2026-01-01T00:00:00Z"), organisations=pairs)
    for key in service.all(ProfileKey):
        done(service._run(REHANDING, Rewrap(key.id), SYSTEM, service.now))
    assert {key.key.partition(":")[0] for key in service.all(ProfileKey)} == {"next"}
    service.vault = vault_of(line("next", 3), organisations=pairs)
    assert chain.shown().json()["given_name"] == PROFILE["given_name"]


@pytest.mark.parametrize("late", ["ProfileKeyShared", "ProfileSealed"])
def test_until_the_key_comes_the_view_says_so(late: str) -> None:
    chain = Chain()
    [referral_id] = chain.desk.referrals
    done(chain.centre.accept(referral_id=referral_id))
    chain.settle(hold_back=late)
    shown = chain.shown().json()
    assert {each["status"] for each in shown["parts"]} == {"key_on_its_way"}
    assert {each["since"] for each in shown["parts"]} == {NOW.isoformat().replace("+00:00", "Z")}
    assert shown["given_name"] is None
    chain.heard[0] = 0
    late_events = [event for event in chain.desk.service.events if type(event).__name__ == late]
    contracts = {each.__name__: each for each in consumers.EVENTS}
    for event in late_events:
        done(chain.centre.service.event(contracts[late].model_validate_json(event.model_dump_json())))
    assert chain.shown().json()["given_name"] == PROFILE["given_name"]


def test_a_centre_that_has_heard_of_no_profile_says_so() -> None:
    chain = Chain()
    [referral_id] = chain.desk.referrals
    done(chain.centre.accept(referral_id=referral_id))
    problem(chain.shown(), 404, "profile_not_told")


def test_a_new_profile_takes_the_place_of_the_old_one_and_one_that_comes_late_does_not() -> None:
    chain = Chain()
    chain.accept()
    old = next(event for event in chain.desk.service.events if type(event).__name__ == "ProfileSealed")
    done(chain.desk.run(commands.SetProfile(CASE, sealed(chain.desk.service.vault, {"phone": "+234 1 555"}))))
    chain.settle()
    shown = chain.shown().json()
    assert (shown["given_name"], shown["phone"]) == (None, "+234 1 555")
    contract = next(each for each in consumers.EVENTS if each.__name__ == "ProfileSealed")
    late = contract.model_validate_json(old.model_dump_json())
    chain.centre.service.event(late, NOW.replace(hour=8))
    assert chain.shown().json()["phone"] == "+234 1 555"


def test_after_the_end_the_centres_copy_is_gone_and_the_desk_knows() -> None:
    chain = Chain()
    chain.accept()
    done(chain.desk.withdraw())
    chain.settle()
    assert {key.status for key in chain.centre.service.all(ProfileKey)} == {"destroyed"}
    assert not any(key.wrapped or key.key for key in chain.centre.service.all(ProfileKey))
    problem(chain.shown(), 403, "other_organisation")
    told = [event for event in chain.centre.service.events if isinstance(event, ProfileKeyDestroyed)]
    assert {event.part for event in told} == set(FIELDS)
    assert {share.status for share in chain.desk.stored.shares} == {"destroyed"}


def test_a_profile_that_germany_has_destroyed_is_revoked_here() -> None:
    chain = Chain()
    chain.accept()
    chain.desk.destroy()
    chain.centre.service.now = chain.desk.service.now
    chain.settle()
    shown = chain.shown().json()
    assert {each["status"] for each in shown["parts"]} == {"revoked"}
    assert shown["given_name"] is None


def test_with_its_term_the_profile_goes_with_every_key_that_was_handed_over() -> None:
    chain = Chain()
    chain.accept()
    [kept] = [each for each in KEEPS if each.kind == "profile"]
    assert len(chain.centre.service.all(ProfileKey)) == len(FIELDS)
    done(chain.centre.service._run(kept.handler, TermOver("profile", CASE), SYSTEM, NOW))
    assert chain.centre.service.all(SealedProfile) == chain.centre.service.all(ProfileKey) == []
