"""The scout's desk in memory, with the few things that every test of it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from chassis.pure.decision import Actor, Decision, Refused
from chassis.pure.messages import Event
from chassis.pure.reference import DIRECTORY
from chassis.pure.sealing import Vault
from chassis.pure.states import Codec
from referral import commands
from referral.consumers import EVENTS
from referral.domain.case import Case
from referral.domain.consent import Consent
from referral.domain.profile import Profile
from referral.domain.referral import Referral
from referral.handlers import COMMANDS, DEADLINES, KINDS
from referral.handlers.care import opened
from referral.reference import Reference
from tests.support.memory import NOW, MemoryService
from tests.support.referral.news import CASE, DAY, EDO, LAGOS, STRANGER, TODAY, News
from vocabulary.destruction import DELAY
from vocabulary.parts import SealedPart
from vocabulary.profiles import FIELDS, ProfileBody, in_parts
from vocabulary.terms import ProfilePart

EMPLOYER = "employer:0b54a4b4-2c1a-4f2e-9a55-3d1a6a1c2f10"
SCOUT = Actor("scout", "scouts:bavaria")
COUNSELLOR = Actor("return_counsellor", "scouts:bavaria")
OTHER_SCOUT = Actor("scout", "scouts:berlin")
IN_LAGOS = Actor("centre_counsellor", LAGOS, "NG")
IN_EDO = Actor("centre_counsellor", EDO, "NG")
SEALED: Mapping[ProfilePart, SealedPart] = {part: SealedPart("wrapped", "box", UUID(int=9)) for part in FIELDS}
"""A profile that no key opens."""


def sealed(vault: Vault, fields: Mapping[str, str], case_id: UUID = CASE) -> dict[ProfilePart, SealedPart]:
    """A profile as the API seals it."""
    return in_parts(vault, case_id, ProfileBody.model_validate(fields).texts(), uuid4)


@cache
def reference() -> Reference:
    """The code lists of the project, read once."""
    return Reference.load(DIRECTORY)


def in_days(days: int) -> date:
    """A day counted from today."""
    return TODAY + days * DAY


ADA, BOB = "a" * 64, "b" * 64
"""Two people of a desk, as keyed hashes."""


class Desk(News):
    """One desk and the case that the tests are about."""

    def __init__(self, now: datetime = NOW) -> None:
        self.service = MemoryService(KINDS, COMMANDS, EVENTS, DEADLINES, reference(), now)
        self.consents: list[UUID] = []
        self.referrals: list[UUID] = []

    @classmethod
    def opened(cls, now: datetime = NOW, **changes: Any) -> Desk:
        """A case for Lagos has been opened."""
        desk = cls(now)
        done(desk.open(**changes))
        return desk

    @classmethod
    def consented(cls, now: datetime = NOW, **changes: Any) -> Desk:
        """And the person agrees to be referred to any centre in the country."""
        desk = cls.opened(now, **changes)
        done(desk.grant())
        return desk

    @classmethod
    def referred(cls, now: datetime = NOW, **changes: Any) -> Desk:
        """And has been referred to the centre of the region."""
        desk = cls.consented(now, **changes)
        done(desk.refer())
        return desk

    # --- commands ---

    def destroy(self) -> None:
        """Two people of the desk destroy the keys of the case, and the days pass."""
        done(self.run(commands.RequestDestruction(CASE, "person_asked", (ADA,))))
        done(self.run(commands.ConfirmDestruction(CASE, (BOB,))))
        self.service.advance(DELAY)

    def run(self, command: Any, actor: Actor = SCOUT) -> Decision | Refused:
        """Runs a command; a refusal must change nothing."""
        before = self.service.snapshot()
        outcome = self.service.command(command, actor)
        assert isinstance(outcome, Decision) or self.service.snapshot() == before
        return outcome

    def open(self, actor: Actor = SCOUT, case_id: UUID = CASE, **changes: Any) -> Decision | Refused:
        fields: dict[str, Any] = {
            "target_group": "RETURNEE_DE",
            "country": "NG",
            "admin1": "NG-LA",
            "language": "en",
            "return_type": "voluntary_assisted",
            "age_band": "25_34",
            "household_id": None,
            "household_size": 2,
            "vulnerability_present": True,
            "profile": None,
        }
        return self.run(commands.OpenCase(case_id, **{**fields, **changes}), actor)

    def grant(self, *recipients: str, actor: Actor = SCOUT, **changes: Any) -> Decision | Refused:
        today = self.service.now.date()
        fields: dict[str, Any] = {
            "case_id": CASE,
            "purpose": "referral",
            "recipients": recipients or (f"country:{self.case.country if self.known else 'NG'}",),
            "text_version": "2026-01" if today.year >= 2026 else "2017-07",
            "language": "en",
            "evidence_ref": STRANGER,
            "granted_on": today,
            "valid_until": today + 365 * DAY,
            "guardian": False,
        }
        outcome = self.run(commands.GrantConsent(**{**fields, **changes}), actor)
        if isinstance(outcome, Decision):
            self.consents.append(outcome.answer.consent_id)
        return outcome

    def withdraw_consent(
        self, consent_id: UUID | None = None, actor: Actor = SCOUT, case_id: UUID = CASE
    ) -> Decision | Refused:
        return self.run(commands.WithdrawConsent(case_id, consent_id or self.consents[-1]), actor)

    def refer(self, to_centre: str | None = None, actor: Actor = SCOUT, **changes: Any) -> Decision | Refused:
        fields: dict[str, Any] = {
            "case_id": CASE,
            "to_centre": to_centre,
            "priority": "normal",
            "needs": ("employment",),
            "wishes": (),
            "skills": (),
        }
        outcome = self.run(commands.Refer(**{**fields, **changes}), actor)
        if isinstance(outcome, Decision):
            self.referrals.append(outcome.answer.referral_id)
        return outcome

    def withdraw(
        self,
        referral_id: UUID | None = None,
        reason: str = "person_declined",
        actor: Actor = SCOUT,
        case_id: UUID = CASE,
    ) -> Decision | Refused:
        return self.run(commands.WithdrawReferral(case_id, referral_id or self.referrals[0], reason), actor)

    def plan(
        self, earliest: int = 30, latest: int = 60, actor: Actor = SCOUT, case_id: UUID = CASE
    ) -> Decision | Refused:
        command = commands.PlanDeparture(case_id, in_days(earliest), in_days(latest), "scheduled_flight", "LOS")
        return self.run(command, actor)

    def book(self, on: int = 40, actor: Actor = SCOUT, case_id: UUID = CASE, **changes: Any) -> Decision | Refused:
        fields = {"transport": None, "arrival_point": None, **changes}
        return self.run(commands.BookDeparture(case_id, in_days(on), **fields), actor)

    def reschedule(
        self,
        earliest: int = 50,
        latest: int = 50,
        reason: str = "carrier_changed",
        actor: Actor = SCOUT,
        case_id: UUID = CASE,
    ) -> Decision | Refused:
        command = commands.RescheduleDeparture(case_id, in_days(earliest), in_days(latest), reason)
        return self.run(command, actor)

    def cancel(self, reason: str = "person_stays", actor: Actor = SCOUT, case_id: UUID = CASE) -> Decision | Refused:
        return self.run(commands.CancelDeparture(case_id, reason), actor)

    def depart(
        self, on: int = 0, arrives: int = 1, *codes: str, actor: Actor = SCOUT, case_id: UUID = CASE
    ) -> Decision | Refused:
        return self.run(commands.ConfirmDeparture(case_id, in_days(on), in_days(arrives), codes), actor)

    def miss(
        self, on: int = 0, reason: str = "too_late", actor: Actor = SCOUT, case_id: UUID = CASE
    ) -> Decision | Refused:
        return self.run(commands.MissDeparture(case_id, in_days(on), reason), actor)

    def divert(
        self,
        on: int = 0,
        to: str | None = "TR",
        reason: str = "stayed_in_transit",
        actor: Actor = SCOUT,
        case_id: UUID = CASE,
    ) -> Decision | Refused:
        return self.run(commands.DivertDeparture(case_id, in_days(on), to, reason), actor)

    def tell(self, *events: Any, at: datetime | None = None) -> None:
        """Delivers events of other services, none of which may be refused."""
        for event in events:
            done(self.service.event(event, at))

    def put(self, case: Case) -> None:
        """Stores a case as it is given: for states that only crossing messages lead to."""
        self.service.rows[Case][case.id] = Codec(KINDS[0]).dump(case)

    # --- what has come of it ---

    @property
    def known(self) -> bool:
        """Whether the case exists."""
        return CASE in self.service.rows[Case]

    @property
    def case(self) -> Case:
        """The case as it is stored, with its codes in clear."""
        return opened(self.stored, self.service.vault)

    @property
    def stored(self) -> Case:
        """The case as it is stored."""
        case: Case = self.service.state(Case, CASE)
        return case

    @property
    def profile(self) -> Profile:
        """The profile as it is stored."""
        profile: Profile = self.service.state(Profile, CASE)
        return profile

    def consent(self, id_: UUID | None = None) -> Consent:
        """A consent as it is stored; the last, if none is named."""
        consent = self.case.consent(id_ or self.consents[-1])
        assert consent is not None
        return consent

    def referral(self, referral_id: UUID | None = None) -> Referral:
        """A referral as it is stored; the first that was sent, if none is named."""
        referral = self.case.referral(referral_id or self.referrals[0])
        assert referral is not None
        return referral

    def told(self) -> list[str]:
        """The names of what was published."""
        return [type(event).__name__ for event in self.service.events]

    def last(self, kind: type[Event]) -> Any:
        """The last event of a kind that was published."""
        return next(event for event in reversed(self.service.events) if isinstance(event, kind))


def done(outcome: Decision | Refused) -> Decision:
    """The decision of a command that must not be refused."""
    assert isinstance(outcome, Decision), outcome
    return outcome


def refused(outcome: Decision | Refused, code: str, status: int = 409, field: str = "") -> Refused:
    """The command was refused, so, and in words that help."""
    assert isinstance(outcome, Refused), outcome
    assert (outcome.code, outcome.status, outcome.field) == (code, status, field)
    assert outcome.detail.endswith(".")
    assert outcome.remedy.endswith(".")
    return outcome


COMMON: Sequence[tuple[str, Any]] = (
    ("grant", lambda desk, who, case: desk.grant(actor=who, case_id=case)),
    ("withdraw consent", lambda desk, who, case: desk.withdraw_consent(actor=who, case_id=case)),
    ("refer", lambda desk, who, case: desk.refer(actor=who, case_id=case)),
    ("withdraw", lambda desk, who, case: desk.withdraw(actor=who, case_id=case)),
    ("set profile", lambda desk, who, case: desk.run(commands.SetProfile(case, SEALED), who)),
    (
        "request destruction",
        lambda desk, who, case: desk.run(commands.RequestDestruction(case, "person_asked", (ADA,)), who),
    ),
    ("confirm destruction", lambda desk, who, case: desk.run(commands.ConfirmDestruction(case, (BOB,)), who)),
    ("reject destruction", lambda desk, who, case: desk.run(commands.RejectDestruction(case), who)),
    ("plan", lambda desk, who, case: desk.plan(actor=who, case_id=case)),
    ("book", lambda desk, who, case: desk.book(actor=who, case_id=case)),
    ("reschedule", lambda desk, who, case: desk.reschedule(actor=who, case_id=case)),
    ("cancel", lambda desk, who, case: desk.cancel(actor=who, case_id=case)),
    ("depart", lambda desk, who, case: desk.depart(actor=who, case_id=case)),
    ("miss", lambda desk, who, case: desk.miss(actor=who, case_id=case)),
    ("divert", lambda desk, who, case: desk.divert(actor=who, case_id=case)),
)
"""Every command on a case that exists: called with the desk, the actor and the case."""
