"""Centres at work in memory: a desk with its people, and events of other services with sensible defaults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from chassis.pure.decision import Actor, Decision, Refused
from chassis.pure.messages import Event
from chassis.pure.reference import CodeList
from chassis.settings import ROOT
from counselling import commands, contracts
from counselling.consumers import EVENTS
from counselling.domain.centre_file import CentreFile
from counselling.domain.referral import Referral
from counselling.handlers import COMMANDS, DEADLINES, KINDS
from counselling.reference import Reference
from tests.support.memory import NOW, MemoryService
from vocabulary.reference import Centre

CASE = UUID("39b9e3da-87cb-47ce-b42e-47b34349519b")
REFERRAL = UUID("f204789e-34f3-4b07-a44a-301596ceb9b0")
SECOND = UUID("f204789e-34f3-4b07-a44a-301596ceb9b1")
CONSENT = UUID("1b0b2b57-62a6-4c0b-9b33-6a5a2a52d001")
OFFER, CANDIDACY = UUID(int=2), UUID(int=3)
TODAY = NOW.date()
DAY = timedelta(days=1)

LAGOS, EDO, ACCRA, KABUL = "centre:NG-LOS", "centre:NG-EDO", "centre:GH-ACC", "centre:AF-KBL"
COUNSELLOR = Actor("centre_counsellor", LAGOS, "NG")
MANAGER = Actor("centre_manager", LAGOS, "NG")
IN_EDO = Actor("centre_counsellor", EDO, "NG")
IN_ACCRA = Actor("centre_counsellor", ACCRA, "GH")


@cache
def reference() -> Reference:
    """The code lists of the project, read once."""
    return Reference.load(ROOT / "schemas" / "reference")


def aged(band: str) -> contracts.AgeBandChanged:
    """The person counts to another age band."""
    return contracts.AgeBandChanged.model_validate({"case_id": CASE, "age_band": band})


def referred(**changes: Any) -> contracts.ReturneeReferred:
    """A referral to Lagos without haste."""
    fields = {
        "case_id": CASE,
        "case_ref": "PH-7K3M9QX-F",
        "referral_id": REFERRAL,
        "root_referral_id": changes.get("referral_id", REFERRAL),
        "to_centre": LAGOS,
        "country": "NG",
        "admin1": "NG-LA",
        "priority": "normal",
        "needs": ("employment", "housing"),
        "wishes": ("work_in_trade",),
        "skills": ("7131",),
        "language": "en",
        "target_group": "RETURNEE_DE",
        "return_type": "voluntary_assisted",
        "age_band": "25_34",
        "household_size": 2,
        "vulnerability_present": False,
        "departure": None,
        "referred_at": NOW,
    }
    return contracts.ReturneeReferred.model_validate({**fields, **changes})


def consent(*recipients: str, **changes: Any) -> contracts.ConsentGranted:
    """A consent to hand the case over, for two years."""
    fields = {
        "case_id": CASE,
        "consent_id": CONSENT,
        "purpose": "referral",
        "recipients": recipients or ("country:NG",),
        "valid_until": date(2028, 3, 1),
    }
    return contracts.ConsentGranted.model_validate({**fields, **changes})


def consent_gone(at: datetime = NOW, **changes: Any) -> contracts.ConsentWithdrawn:
    """That consent, taken back."""
    fields = {
        "case_id": CASE,
        "consent_id": CONSENT,
        "purpose": "referral",
        "recipients": ("country:NG",),
        "effective_at": at,
    }
    return contracts.ConsentWithdrawn.model_validate({**fields, **changes})


def withdrawn(referral_id: UUID = REFERRAL, reason: str = "person_declined") -> contracts.ReferralWithdrawn:
    """A referral, taken back by the scout."""
    return contracts.ReferralWithdrawn(case_id=CASE, referral_id=referral_id, reason=reason)


def handed_over(*items: str, referral_id: UUID = REFERRAL) -> contracts.HandoverPackageSent:
    """What the desk has handed over for a referral."""
    return contracts.HandoverPackageSent(case_id=CASE, referral_id=referral_id, items=items or ("care", "travel"))


def booked(on: date) -> contracts.DeparturePlanned:
    """A departure, on this day."""
    return contracts.DeparturePlanned(case_id=CASE, status="booked", earliest=on, latest=on)


def offered(offer_id: UUID = OFFER) -> contracts.JobOffered:
    """Work, to begin in two weeks."""
    return contracts.JobOffered(
        case_id=CASE,
        candidacy_id=CANDIDACY,
        offer_id=offer_id,
        isco08="7131",
        offered_on=TODAY,
        starts_on=TODAY + 14 * DAY,
        formal=True,
    )


class Desk:
    """One service in memory and the case that the tests are about."""

    def __init__(self) -> None:
        self.service = MemoryService(KINDS, COMMANDS, EVENTS, DEADLINES, reference())

    @classmethod
    def with_referral(cls, **changes: Any) -> Desk:
        """A consent for Nigeria has been granted and a referral has come."""
        desk = cls()
        desk.tell(consent())
        desk.tell(referred(**changes))
        return desk

    @classmethod
    def with_acceptance(cls, **changes: Any) -> Desk:
        """And Lagos has accepted it."""
        desk = cls.with_referral(**changes)
        done(desk.accept())
        return desk

    @classmethod
    def with_arrival(cls, **changes: Any) -> Desk:
        """And the person has arrived."""
        desk = cls.with_acceptance(**changes)
        done(desk.arrive())
        return desk

    @classmethod
    def with_contact(cls, **changes: Any) -> Desk:
        """And the centre has spoken with the person."""
        desk = cls.with_arrival(**changes)
        done(desk.contact())
        return desk

    def tell(self, *events: Any, at: datetime | None = None) -> None:
        """Delivers events of other services, none of which may be refused."""
        for event in events:
            outcome = self.service.event(event, at)
            assert isinstance(outcome, Decision), outcome

    def accept(
        self, actor: Actor = COUNSELLOR, referral_id: UUID = REFERRAL, first_appointment: datetime | None = None
    ) -> Decision | Refused:
        return self.service.command(commands.AcceptReferral(CASE, referral_id, first_appointment), actor)

    def reject(
        self, reason: str = "no_capacity", actor: Actor = COUNSELLOR, referral_id: UUID = REFERRAL
    ) -> Decision | Refused:
        return self.service.command(commands.RejectReferral(CASE, referral_id, reason), actor)

    def redirect(
        self,
        to_centre: str = EDO,
        reason: str = "other_catchment",
        actor: Actor = COUNSELLOR,
        referral_id: UUID = REFERRAL,
    ) -> Decision | Refused:
        command = commands.RedirectReferral(CASE, referral_id, to_centre, reason)
        return self.service.command(command, actor)

    def complete(
        self, outcome: str = "employment_found", actor: Actor = COUNSELLOR, referral_id: UUID = REFERRAL
    ) -> Decision | Refused:
        return self.service.command(commands.CompleteReferral(CASE, referral_id, outcome), actor)

    def fail(
        self, reason: str = "contact_lost", actor: Actor = COUNSELLOR, referral_id: UUID = REFERRAL
    ) -> Decision | Refused:
        return self.service.command(commands.FailReferral(CASE, referral_id, reason), actor)

    def reopen(
        self, reason: str = "need_again", actor: Actor = COUNSELLOR, referral_id: UUID = REFERRAL
    ) -> Decision | Refused:
        return self.service.command(commands.ReopenReferral(CASE, referral_id, reason), actor)

    def never_arrived(self, actor: Actor = COUNSELLOR) -> Decision | Refused:
        return self.service.command(commands.ReportNeverArrived(CASE), actor)

    def arrive(self, on: date = TODAY, actor: Actor = COUNSELLOR, admin1: str | None = "NG-LA") -> Decision | Refused:
        return self.service.command(commands.ConfirmArrival(CASE, on, "seen", admin1), actor)

    def call(
        self, on: date = TODAY, actor: Actor = COUNSELLOR, outcome: str = "prepared", channel: str = "video"
    ) -> Decision | Refused:
        return self.service.command(commands.RecordPreDepartureCall(CASE, channel, 1, outcome, on), actor)

    def agree(
        self, on: date = TODAY, actor: Actor = COUNSELLOR, measures: Sequence[str] = ("job_placement",)
    ) -> Decision | Refused:
        return self.service.command(commands.AgreePlan(CASE, measures, on), actor)

    def contact(self, on: date = TODAY, actor: Actor = COUNSELLOR) -> Decision | Refused:
        return self.service.command(commands.RecordContact(CASE, "phone", 2, on), actor)

    def assess(
        self, on: date = TODAY, actor: Actor = COUNSELLOR, levels: dict[str, int] | None = None
    ) -> Decision | Refused:
        found = {"economic": 2, "social": 0, "health": 3} if levels is None else levels
        return self.service.command(commands.RecordAssessment(CASE, "after_support", "urgent", found, on), actor)

    @property
    def file(self) -> CentreFile:
        """The file as it is stored."""
        file: CentreFile = self.service.state(CentreFile, CASE)
        return file

    def referral(self, referral_id: UUID = REFERRAL) -> Referral:
        """A referral as it is stored."""
        referral = self.file.referral(referral_id)
        assert referral is not None
        return referral

    def child(self) -> Referral:
        """The referral that came last: after a redirection, the child."""
        return self.file.referrals[-1]

    @property
    def events(self) -> list[Event]:
        """What was published."""
        return self.service.events

    def told(self) -> list[str]:
        """The names of what was published."""
        return [type(event).__name__ for event in self.events]

    def due(self, name: str, subject: UUID) -> datetime | None:
        """When a deadline is due, if it runs."""
        return self.service.due(name, subject)


def done(outcome: Decision | Refused) -> Decision:
    """The decision of a command that must not be refused."""
    assert isinstance(outcome, Decision), outcome
    return outcome


def refused(outcome: Decision | Refused, code: str, status: int = 409, field: str = "") -> None:
    """The command was refused, so, and in words that help."""
    assert isinstance(outcome, Refused), outcome
    assert (outcome.code, outcome.status, outcome.field) == (code, status, field)
    assert outcome.detail.endswith(".")
    assert outcome.remedy.endswith(".")


def last(events: Sequence[Event], kind: type[Event]) -> Any:
    """The last event of a kind."""
    return next(event for event in reversed(events) if isinstance(event, kind))


def closed(desk: Desk, centre: str) -> None:
    """From today on there is no such centre."""
    lists = desk.service.reference
    over = desk.service.now.date() - DAY
    rows = [replace(each, closed_on=over) if each.code == centre else each for each in lists.centres]
    desk.service.reference = replace(lists, centres=CodeList("centres", Centre, rows))
