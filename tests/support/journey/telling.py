"""Tells of a case: events as the services would write them, folded one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from chassis.pure.messages import Contract
from journey.contracts import counselling, placement, referral, training
from journey.domain.journey import Journey
from journey.domain.wait import Wait
from journey.handlers.hearing import HEARD
from tests.support.memory import NOW

CASE = UUID("11111111-1111-4111-8111-111111111111")
DESK, LAGOS, EDO, PROVIDER = "scouts:bavaria", "centre:NG-LOS", "centre:NG-EDO", "provider:HWK-MUC"
REFERENCE = "PH-7K3M9QX-F"
LATER = date(2026, 12, 31)
COUNTED: Mapping[str, Any] = {
    "return_type": "voluntary_assisted",
    "target_group": "RETURNEE_DE",
    "vulnerability_present": False,
    "root_referral_id": UUID("22222222-2222-4222-8222-222222222222"),
    "departed_on": date(2026, 3, 1),
    "contacted_on": date(2026, 3, 3),
    "agreed_on": date(2026, 3, 9),
    "plan_version": 1,
    "measures": ({"code": "job_application_training"},),
    "offered_on": date(2026, 3, 10),
    "accepted_on": date(2026, 3, 11),
    "employment_type": "permanent",
    "isco08": "7111",
    "formal": True,
    "subsidised": False,
    "category": "EMPLOYABILITY",
    "reason": "other",
    "ends_case": False,
}
"""What only the figures take from events: a contract ignores what it does not know."""


def named(name: str) -> UUID:
    """An id that is the same in every run."""
    return uuid5(CASE, name)


class Telling:
    """One case. `at` is the time of the next event; each one takes a minute."""

    def __init__(self) -> None:
        self.journey = Journey(CASE)
        self.at = NOW

    def hears(self, contract: type[Contract], **fields: Any) -> Telling:
        """One more event."""
        told = contract.model_validate({"case_id": CASE, **COUNTED, **fields})
        self.journey = HEARD[contract](self.journey, told, self.at)
        self.at += timedelta(minutes=1)
        return self

    def passes(self, **time: float) -> Telling:
        """Nothing happens for so long."""
        self.at += timedelta(**time)
        return self

    @property
    def waits(self) -> tuple[Wait, ...]:
        """What the case waits for."""
        return self.journey.waits

    @property
    def wanted(self) -> list[tuple[str, str, str]]:
        """The same in short: what, and whose turn it is."""
        return [(each.what, each.role, each.org) for each in self.waits]

    # --- what the desk tells -----------------------------------------------------------------------------------------

    def opened(self) -> Telling:
        """A scout registers a person."""
        facts = {"case_ref": REFERENCE, "target_group": "RETURNEE_DE", "country": "NG", "opened_by": DESK}
        return self.hears(referral.CaseOpened, **facts)

    def allowed(self, purpose: str = "referral", *recipients: str) -> Telling:
        """The person signs at the desk."""
        facts = {"consent_id": named(purpose), "purpose": purpose, "recipients": recipients or ("country:NG",)}
        return self.hears(referral.ConsentGranted, **facts, valid_until=LATER)

    def referred(
        self, name: str = "r1", centre: str = LAGOS, priority: str = "normal", leaves: date | None = None
    ) -> Telling:
        """The desk asks a centre; for a departure from this day on, if one is given."""
        facts = {"referral_id": named(name), "root_referral_id": named(name), "to_centre": centre, "country": "NG"}
        facts |= {"departure": None if leaves is None else {"earliest": leaves}}
        return self.hears(referral.ReturneeReferred, **facts, priority=priority, age_band="25_34", referred_at=self.at)

    def withdrawn(self, name: str = "r1") -> Telling:
        """The desk takes a referral back."""
        return self.hears(referral.ReferralWithdrawn, referral_id=named(name))

    def planned(self, latest: date, status: str = "booked") -> Telling:
        """The departure has a day, or a window."""
        return self.hears(referral.DeparturePlanned, status=status, latest=latest)

    def departed(self, expected_on: date) -> Telling:
        """The person has left Germany."""
        return self.hears(referral.ReturneeDeparted, arrival_expected_on=expected_on)

    # --- what the centres tell ---------------------------------------------------------------------------------------

    def received(self, name: str = "r1", centre: str = LAGOS, due_in: timedelta = timedelta(days=7)) -> Telling:
        """The referral is in the inbox of its centre."""
        facts = {"received_at": self.at, "answer_due_at": self.at + due_in}
        return self.answered(counselling.ReferralReceived, name, centre, **facts)

    def accepted(self, name: str = "r1", centre: str = LAGOS) -> Telling:
        """The centre takes the person on."""
        return self.answered(counselling.ReferralAccepted, name, centre)

    def answered(self, contract: type[Contract], name: str = "r1", centre: str = LAGOS, **fields: Any) -> Telling:
        """Anything else that the centre says of a referral."""
        return self.hears(contract, centre=centre, country="NG", referral_id=named(name), **fields)

    def at_centre(self, contract: type[Contract], centre: str = LAGOS, **fields: Any) -> Telling:
        """Something that a centre has done with the person."""
        return self.hears(contract, centre=centre, **fields)

    def arrived(self) -> Telling:
        """The person is there."""
        return self.at_centre(counselling.ArrivedInCountry, arrived_on=date(2026, 3, 2))

    # --- courses and work --------------------------------------------------------------------------------------------

    def enrolled(self, contract: type[Contract], **fields: Any) -> Telling:
        """Something about a place in a course."""
        facts = {"enrolment_id": named("e1"), "session_id": named("s1"), "provider": PROVIDER}
        return self.hears(contract, **facts, **fields)

    def confirmed(self) -> Telling:
        """The person has a seat."""
        return self.enrolled(training.EnrolmentConfirmed)

    def picked(self) -> Telling:
        """A desk picks the person for a vacancy."""
        return self.hears(placement.CandidateShortlisted, candidacy_id=named("c1"), centre=LAGOS)

    def offered(self, starts_on: date, expires_at: datetime) -> Telling:
        """An employer offers work."""
        facts = {"candidacy_id": named("c1"), "offer_id": named("o1"), "starts_on": starts_on}
        return self.hears(placement.JobOffered, **facts, expires_at=expires_at)

    def owed(self, contract: type[Contract], type_: str, subject: UUID, due_at: datetime, **more: Any) -> Telling:
        """A service tells of a deadline."""
        who = {"owner_role": "centre_counsellor", "owner_org": LAGOS, "centre": LAGOS}
        level = {"level": 1} if "level" in contract.model_fields else {}
        facts = {"deadline_type": type_, "subject_id": subject, "due_at": due_at}
        return self.hears(contract, **{**who, **level, **facts, **more})
