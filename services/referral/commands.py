"""What people at the scout's desk, and staff of a centre that holds the case, want done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from referral.domain.registered import Registered
from referral.domain.terms import Transport
from vocabulary.ages import Ages
from vocabulary.parts import SealedPart
from vocabulary.terms import AgeBand, Priority, ProfilePart, ReturnType, Sex, Switch, TargetGroup


@dataclass(frozen=True, slots=True)
class OpenCase:
    """Registers a person; `case_id` is drawn beforehand because the profile is sealed for it, before this was made."""

    case_id: UUID
    target_group: TargetGroup
    country: str
    admin1: str | None
    language: str
    return_type: ReturnType
    age_band: AgeBand
    household_id: UUID | None
    household_size: int
    vulnerability_present: bool
    profile: Mapping[ProfilePart, SealedPart] | None
    ages: Ages | None = None
    sex: Sex | None = None
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CorrectCase:
    """Something was registered wrongly; this is right, all of it."""

    case_id: UUID
    registered: Registered
    reason: str


@dataclass(frozen=True, slots=True)
class VoidCase:
    """The case was opened in error: for another person, or twice."""

    case_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class AskForCase:
    """Wants a case that a centre has opened for the desk's own."""

    case_id: UUID


@dataclass(frozen=True, slots=True)
class SetProfile:
    """Sets or replaces the profile; `ages` is what may be known of the birth date in it, None if it has none. `marks`:
    by what the person is found."""

    case_id: UUID
    profile: Mapping[ProfilePart, SealedPart]
    ages: Ages | None = None
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestDestruction:
    """Wants the case's keys destroyed: that of the profile, and that of what tells of health. `by`: who, as keyed
    hashes."""

    case_id: UUID
    reason: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConfirmDestruction:
    """A second person wants the same."""

    case_id: UUID
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RejectDestruction:
    """Somebody of the desk says no."""

    case_id: UUID


@dataclass(frozen=True, slots=True)
class GrantConsent:
    """The person has signed."""

    case_id: UUID
    purpose: str
    recipients: Sequence[str]
    text_version: str
    language: str
    evidence_ref: UUID
    granted_on: date
    valid_until: date
    guardian: bool


@dataclass(frozen=True, slots=True)
class WithdrawConsent:
    """The person takes a consent back."""

    case_id: UUID
    consent_id: UUID


@dataclass(frozen=True, slots=True)
class HoldCase:
    """The records of the case are needed beyond their terms."""

    case_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class ReleaseHold:
    """They are not needed any more, as far as this hold goes."""

    case_id: UUID
    hold_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class Refer:
    """Refers the case to a centre; `to_centre` None leaves the choice to the catchments."""

    case_id: UUID
    to_centre: str | None
    priority: Priority
    needs: Sequence[str]
    wishes: tuple[str, ...]
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WithdrawReferral:
    """Takes a referral back."""

    case_id: UUID
    referral_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class SendHandoverPackage:
    """The desk has handed over to the centre what it needs to receive the person: these items."""

    case_id: UUID
    referral_id: UUID
    items: Sequence[str]


@dataclass(frozen=True, slots=True)
class VoidHandoverPackage:
    """A package was recorded that was not handed over, or not like that."""

    case_id: UUID
    referral_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class PlanDeparture:
    """A window for the departure."""

    case_id: UUID
    earliest: date
    latest: date
    transport: Transport
    arrival_point: str | None


@dataclass(frozen=True, slots=True)
class BookDeparture:
    """A booked day."""

    case_id: UUID
    on: date
    transport: Transport | None
    arrival_point: str | None


@dataclass(frozen=True, slots=True)
class RescheduleDeparture:
    """Another window, or another booked day."""

    case_id: UUID
    earliest: date
    latest: date
    reason: str


@dataclass(frozen=True, slots=True)
class CancelDeparture:
    """The departure will not take place."""

    case_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class MissDeparture:
    """The departure took place without the person, or not at all."""

    case_id: UUID
    missed_on: date
    reason: str


@dataclass(frozen=True, slots=True)
class DivertDeparture:
    """The person has left, and is in another country; None if nobody knows in which."""

    case_id: UUID
    diverted_on: date
    to_country: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class ConfirmDeparture:
    """The person has left."""

    case_id: UUID
    departed_on: date
    arrival_expected_on: date
    assistance_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CorrectDeparture:
    """The departure that is recorded was another one."""

    case_id: UUID
    departed_on: date
    arrival_expected_on: date
    assistance_codes: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class VoidDeparture:
    """A departure was recorded, and the person has not left."""

    case_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class RequestCountryStatus:
    """A person of the programme's management wants a country to be suspended, or active again.

    `by`: keyed hashes of the person, by the newest generation of keys first.
    """

    country: str
    status: Switch
    reason: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConfirmCountryStatus:
    """A second person wants it too."""

    country: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RejectCountryStatus:
    """A second person does not."""

    country: str
    by: tuple[str, ...]
