"""What the API shows of a person: who they are, what they have signed, and that they were here before."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from chassis.pure.answers import Answer
from counselling.outcomes import BY_GLASS, BreakGlassView
from vocabulary import profiles
from vocabulary.finding import FoundBy
from vocabulary.receiving import PartView
from vocabulary.terms import ConsentStatus


class ProfileView(profiles.ProfileView):
    """The profile in clear, for the centre that has the person in its care; null: unknown, or its part is not open.

    What the centre has taken down itself is open as soon as it is there. Of a case that a desk has adopted it stands
    where the desk's says nothing, or does not open.
    """

    parts: tuple[PartView, ...]
    break_glass: BreakGlassView | None = Field(default=None, description=BY_GLASS)
    needs: tuple[str, ...] | None = Field(
        default=None,
        description="all that a scout has asked the centre for, also what no preview may tell; null of who walked in",
    )


class SignedView(Answer):
    """A consent that was signed at a centre."""

    consent_id: UUID = Field(validation_alias="id")
    purpose: str
    recipients: tuple[str, ...]
    text_version: str
    language: str
    evidence_ref: UUID
    granted_on: date
    signed_in: str = Field(description="the country in which it was signed")
    valid_until: date
    expires_at: datetime = Field(validation_alias="ends_at", description="the moment at which that day is over there")
    guardian: bool
    recorded_by: str
    status: ConsentStatus
    withdrawn_at: datetime | None


class SignedConsents(Answer):
    """What a person has signed at centres, the earliest first."""

    case_id: UUID
    items: tuple[SignedView, ...]


class FoundBeside(Answer):
    """Another case of the same person."""

    case_id: UUID


class FoundFile(Answer):
    """Somebody who was here before. Without a consent that lets the centre know them now: that they were."""

    case_id: UUID
    known: bool = Field(description="whether a consent lets the centre know them now; else record one with them")
    fit: FoundBy
    same_person: tuple[FoundBeside, ...] = Field(
        description="other cases that the centre has linked to it: of one person; empty where it may not know all now"
    )


class Found(Answer):
    """Who fits what was looked for, those first who fit exactly; more than are listed call for a word more."""

    items: tuple[FoundFile, ...]
