"""What a desk's restored database has forgotten of a case that was adopted since, and has with the centre's word."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.pure.decision import Actor
from chassis.pure.messages import Event
from counselling import commands as at_centre
from referral import commands, consumers, contracts
from referral.handlers import REPEATS
from referral.handlers.adopting import HEARD_LATEST, LAPSES_AFTER
from tests.support.adopting import Adopting, as_read
from tests.support.counselling.world import CASE, LAGOS
from tests.support.referral.web import PROFILE
from tests.support.referral.world import OTHER_SCOUT, SCOUT, done
from tests.support.repeating import Backup
from vocabulary.roles import DATA_PROTECTION_OFFICER

OFFICER = Actor(DATA_PROTECTION_OFFICER, "programme:protection")
PICKED = contracts.CandidateShortlisted(case_id=CASE, candidacy_id=UUID(int=100), centre=LAGOS)


class Restored(Adopting):
    """The desk's database is put back to where it was when somebody had walked in and signed for vacancies."""

    def __init__(self) -> None:
        super().__init__()
        done(self.sign("matching", LAGOS))
        done(self.at_centre(self.centre.service.command, at_centre.HoldFile(CASE, "complaint"), OFFICER))
        self._backup, self._before = Backup(self.desk.service, REPEATS, self._told_at), len(self.told)

    def adopt(self) -> None:
        """The desk asks, and has the case."""
        done(self.ask())
        done(self.sign())
        done(self.confirm())

    def act(self, command: Any, actor: Actor = SCOUT) -> None:
        """The desk does."""
        done(self.at_desk(self.desk.service.command, command, actor))

    def put_back(self) -> None:
        """Loses what the desk has, and repeats what it has told itself."""
        self._backup.put_back()
        self._backup.go_on()

    def read_again(self, times: int = 1) -> None:
        """What the centre has told since the backup."""
        again = [(event, at) for who, event, at in self.told[self._before :] if who == "centre"]
        for event, at in again * times:
            read = as_read(event, consumers.EVENTS)
            if read is not None:
                done(self.desk.service.event(read, at))

    def _told_at(self, event: Event) -> datetime:
        return next(at for _, each, at in self.told if each is event)


def test_a_consent_that_was_taken_back_at_the_desk_stays_so() -> None:
    chain = Restored()
    chain.adopt()
    id_ = chain.signed_for("matching").id
    done(chain.withdraw_at_desk(id_))
    before = chain.desk.case.consent(id_)
    chain.put_back()
    assert not chain.desk.known
    chain.read_again(times=2)
    assert chain.desk.case.consent(id_) == before
    assert not chain.desk.case.covered("matching", LAGOS, "NG", chain.desk.service.now)


def test_what_holds_the_records_is_what_held_them() -> None:
    chain = Restored()
    chain.adopt()
    [passed_on] = chain.desk.case.holds
    chain.act(commands.ReleaseHold(CASE, passed_on.id, "closed"), OFFICER)
    chain.act(commands.HoldCase(CASE, "audit"), OFFICER)
    before = chain.desk.case.holds
    chain.put_back()
    chain.read_again()
    assert chain.desk.case.holds == before
    assert [each.reason for each in before] == ["audit"]


def test_the_support_that_the_desk_took_back_is_noted_as_taken_back() -> None:
    chain = Restored()
    chain.adopt()
    chain.act(commands.WithdrawReferral(CASE, chain.centre.intake.id, "person_declined"))
    before = chain.desk.case.referrals
    chain.put_back()
    chain.read_again()
    assert chain.desk.case.referrals == before


def test_keys_that_the_desk_destroyed_stay_destroyed() -> None:
    chain = Restored()
    chain.adopt()
    done(chain.set_profile(PROFILE))
    chain.at_desk(chain.desk.destroy)
    before = chain.desk.case.care_key, chain.desk.case.profile_keys
    chain.put_back()
    chain.read_again()
    assert (chain.desk.case.care_key, chain.desk.case.profile_keys) == before == (None, {})


def test_nothing_of_it_is_kept_once_the_case_is_here() -> None:
    chain = Restored()
    chain.adopt()
    done(chain.withdraw_at_desk(chain.signed_for("matching").id))
    chain.put_back()
    assert [each.type for each in chain.elsewhere.forgotten] == ["ph.referral.ConsentWithdrawn.v1"]
    chain.read_again()
    assert chain.elsewhere.forgotten == ()


@pytest.mark.parametrize("later", [timedelta(), LAPSES_AFTER + HEARD_LATEST], ids=["at once", "long after"])
def test_what_others_told_between_the_request_and_the_answer_is_kept_once_more(later: timedelta) -> None:
    chain = Restored()
    done(chain.ask())
    chain.tell(PICKED)
    picked_at = chain.desk.service.now
    done(chain.sign())
    done(chain.confirm())
    before = chain.desk.case.engagements
    chain.desk.service.advance(later)
    chain.put_back()
    done(chain.desk.service.event(PICKED, picked_at))
    chain.read_again()
    assert chain.desk.case.engagements == before != ()


def test_the_later_of_two_requests_is_the_one_that_waits() -> None:
    chain = Restored()
    done(chain.ask())
    done(chain.decline("not_this_person"))
    done(chain.ask(OTHER_SCOUT))
    before = chain.elsewhere
    chain.put_back()
    chain.read_again()
    assert chain.elsewhere == before
