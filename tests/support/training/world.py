"""The training service in memory, with the few things that every test of it needs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid5

from chassis.pure.decision import Actor, Decision, Refused
from chassis.pure.messages import Event
from chassis.pure.reference import DIRECTORY
from tests.support.memory import NOW, MemoryService
from training.commands import (
    CancelEnrolment,
    CancelSession,
    CompleteEnrolment,
    RequestEnrolment,
    ScheduleSession,
)
from training.consumers import EVENTS
from training.contracts import (
    AgeBandChanged,
    ArrivedInCountry,
    CaseOpened,
    ConsentGranted,
    ConsentWithdrawn,
    DepartureCancelled,
    DepartureMissed,
    DeparturePlanned,
    DepartureRescheduled,
    ExpectedDeparture,
    ReferralFailed,
    ReferralWithdrawn,
    ReturneeDeparted,
    ReturneeReferred,
)
from training.domain.enrolment import Enrolment
from training.domain.learner import Learner
from training.domain.session import CourseSession
from training.handlers import COMMANDS, DEADLINES, KINDS
from training.reference import Reference
from training.settings import TrainingSettings

TODAY = NOW.date()
"""Monday, 2 March 2026. In Germany, Friday 3 and Monday 6 April 2026 are holidays."""

PAINT = "provider:TRADE-PAINT"
ELEC = "provider:TRADE-ELEC"
CLERK = Actor("training_clerk", PAINT)
OTHER_CLERK = Actor("training_clerk", ELEC)
SCOUT = Actor("scout", "scouts:bavaria")
OTHER_SCOUT = Actor("scout", "scouts:berlin")
COUNSELLOR = Actor("return_counsellor", "scouts:bavaria")

_NAMES = UUID("5d9a3a52-0f4f-4b41-9a57-6c1cf0f7e0a1")


@cache
def reference(waiting_list_limit: int = 100) -> Reference:
    """The real code lists."""
    return Reference.load(DIRECTORY, TrainingSettings(waiting_list_limit=waiting_list_limit))


def id_of(name: str) -> UUID:
    """The same id for the same name."""
    return uuid5(_NAMES, name)


def in_days(days: int) -> date:
    """So many days from today."""
    return TODAY + timedelta(days=days)


def painting(**changes: Any) -> ScheduleSession:
    """A one-week painting course in two weeks, with one seat."""
    fields: dict[str, Any] = {
        "course_code": "PAINT-BASICS",
        "isco08": "7131",
        "category": "MARKET_ACCESS",
        "seats": 1,
        "starts_on": in_days(14),
        "ends_on": in_days(18),
        "admin1": "DE-BY",
        "online": False,
        "language": "en",
        "units": 20,
    }
    return ScheduleSession(**{**fields, **changes})


class World:
    """One training service. People are called by names that become ids; no name ever gets into it."""

    def __init__(self, waiting_list_limit: int = 100) -> None:
        self.occurred_at: datetime | None = None
        """When the events happen that come next; by default when they are handled."""
        self.service = MemoryService(KINDS, COMMANDS, EVENTS, DEADLINES, reference(waiting_list_limit))

    # --- commands ---------------------------------------------------------------------------------------------------

    def scheduled(self, actor: Actor = CLERK, **changes: Any) -> UUID:
        """A session that exists."""
        outcome = done(self.service.command(painting(**changes), actor))
        return outcome.answer.session_id

    def cancel_session(self, session: UUID, reason: str = "too_few_participants", actor: Actor = CLERK) -> Any:
        return self.service.command(CancelSession(session, reason), actor)

    def request(self, who: str, session: UUID, actor: Actor = SCOUT) -> Decision | Refused:
        return self.service.command(RequestEnrolment(session, id_of(who)), actor)

    def enrolled(self, who: str, session: UUID, actor: Actor = SCOUT) -> UUID:
        """An enrolment that exists, confirmed or waitlisted."""
        return done(self.request(who, session, actor)).answer.enrolment_id

    def cancel(self, enrolment: UUID, actor: Actor = SCOUT) -> Decision | Refused:
        return self.service.command(CancelEnrolment(self.session_of(enrolment).id, enrolment), actor)

    def complete(self, enrolment: UUID, actor: Actor = CLERK, **changes: Any) -> Decision | Refused:
        """Records a result; by default the person attended, to the present day."""
        fields: dict[str, Any] = {
            "result": "attended",
            "units": 20,
            "finished_on": self.service.now.date(),
            "skills": (),
        }
        session = self.session_of(enrolment).id
        return self.service.command(CompleteEnrolment(session, enrolment, **{**fields, **changes}), actor)

    # --- events of the referral service ------------------------------------------------------------------------------

    def aged(self, who: str, band: str) -> None:
        self._event(AgeBandChanged.model_validate({"case_id": id_of(who), "age_band": band}))

    def opened(self, who: str, desk: str | None = SCOUT.org) -> None:
        self._event(
            CaseOpened(case_id=id_of(who), target_group="RETURNEE_DE", country="NG", language="en", opened_by=desk),
        )

    def granted(
        self,
        who: str,
        *recipients: str,
        consent: str = "",
        until: date = date(2028, 3, 2),
        expires_at: datetime | None = None,
        purpose: str = "training",
    ) -> None:
        self._event(
            ConsentGranted(
                case_id=id_of(who),
                consent_id=id_of(consent or f"consent of {who}"),
                purpose=purpose,
                recipients=recipients or ("country:DE",),
                valid_until=until,
                expires_at=expires_at,
            )
        )

    def consent_withdrawn(self, who: str, consent: str = "", purpose: str = "training") -> None:
        self._event(
            ConsentWithdrawn(case_id=id_of(who), consent_id=id_of(consent or f"consent of {who}"), purpose=purpose)
        )

    def referred(
        self, who: str, referral: str = "", root: str = "", expected: date | None = None, **changes: Any
    ) -> None:
        referral = referral or f"referral of {who}"
        fields: dict[str, Any] = {
            "country": "NG",
            "language": "en",
            "target_group": "RETURNEE_DE",
            "age_band": "25_34",
        }
        self._event(
            ReturneeReferred(
                case_id=id_of(who),
                referral_id=id_of(referral),
                root_referral_id=id_of(root or referral),
                departure=None if expected is None else ExpectedDeparture(earliest=expected),
                **{**fields, **changes},
            )
        )

    def referral_withdrawn(self, who: str, referral: str = "", *, walk_in: bool | None = None) -> None:
        id_ = id_of(referral or f"referral of {who}")
        self._event(ReferralWithdrawn(case_id=id_of(who), referral_id=id_, walk_in=walk_in))

    def planned(self, who: str, earliest: date) -> None:
        self._event(DeparturePlanned(case_id=id_of(who), status="planned", earliest=earliest))

    def rescheduled(self, who: str, earliest: date, at: datetime | None = None) -> None:
        self._event(DepartureRescheduled(case_id=id_of(who), status="booked", earliest=earliest), at)

    def departure_cancelled(self, who: str) -> None:
        self._event(DepartureCancelled(case_id=id_of(who)))

    def departed(self, who: str, on: date) -> None:
        self._event(ReturneeDeparted(case_id=id_of(who), departed_on=on))

    def missed(self, who: str) -> None:
        self._event(DepartureMissed(case_id=id_of(who)))

    def arrived(self, who: str, on: date) -> None:
        self._event(ArrivedInCountry(case_id=id_of(who), arrived_on=on))

    def failed(self, who: str, *, ends_case: bool = True) -> None:
        self._event(ReferralFailed(case_id=id_of(who), ends_case=ends_case))

    def ready(self, *names: str) -> None:
        """People whom every provider may enrol."""
        for who in names:
            self.opened(who)
            self.granted(who)
            self.referred(who)

    # --- what there is ------------------------------------------------------------------------------------------------

    def session(self, id_: UUID) -> CourseSession:
        session: CourseSession = self.service.state(CourseSession, id_)
        return session

    def learner(self, who: str) -> Learner:
        learner: Learner = self.service.state(Learner, id_of(who))
        return learner

    def session_of(self, enrolment: UUID) -> CourseSession:
        sessions: Iterable[CourseSession] = self.service.all(CourseSession)
        return next(session for session in sessions if session.enrolment(enrolment) is not None)

    def enrolment(self, id_: UUID) -> Enrolment:
        enrolment = self.session_of(id_).enrolment(id_)
        assert enrolment is not None
        return enrolment

    def standing(self, id_: UUID) -> tuple[str, str | None]:
        """Status and reason of an enrolment."""
        enrolment = self.enrolment(id_)
        return enrolment.status, enrolment.cancel_reason

    def since(self, count: int) -> list[tuple[str, UUID]]:
        """Name and key of the events after the first `count`."""
        return [(type(event).__name__, event.key) for event in self.service.events[count:]]

    def last(self) -> Event:
        return self.service.events[-1]

    def _event(self, contract: Any, at: datetime | None = None) -> None:
        outcome = self.service.event(contract, at or self.occurred_at)
        assert isinstance(outcome, Decision), outcome


def done(outcome: Decision | Refused) -> Decision:
    """The decision of a command that must not be refused."""
    assert isinstance(outcome, Decision), outcome
    return outcome


def refused(outcome: Decision | Refused) -> Refused:
    """The refusal of a command that must be refused, complete with what a person needs."""
    assert isinstance(outcome, Refused), outcome
    assert outcome.detail.endswith(".")
    assert outcome.remedy.endswith(".")
    return outcome
