"""Closed lists that stand in several services: in events, contracts, bodies and states alike."""

from __future__ import annotations

from typing import Literal, get_args

TargetGroup = Literal["LOCAL", "IDP_OR_REFUGEE", "MIGRANT", "RETURNEE_DE", "RETURNEE_THIRD_COUNTRY"]
ReturnType = Literal["voluntary_assisted", "voluntary_own", "forced", "unknown"]
Sex = Literal["female", "male"]
"""What is told in clear of a person's sex, for figures. Who says anything else, or nothing, has no code there at
all: in some countries of return a code that few people have points to a person and endangers them."""
SexAsSaid = Literal["female", "male", "diverse", "unknown"]
"""As the person says. It rests sealed, in the profile."""
AgeBand = Literal["under_18", "18_24", "25_34", "35_49", "50_plus", "unknown"]
Priority = Literal["emergency", "urgent", "normal"]
ProfilePart = Literal["identity", "contact", "care"]
"""Each has a data key of its own: who the person is, how they are reached, what they need of others."""
ConsentStatus = Literal["granted", "withdrawn"]
PlanStatus = Literal["planned", "booked"]
"""Of a departure that is still to come: a window, or a day."""
DepartureWord = Literal["undecided", "planned", "booked", "cancelled", "missed", "departed", "diverted"]
"""What a desk says of a departure: that somebody has arrived, or was waited for in vain, a centre says."""
Readiness = Literal["now", "after_support", "not_now"]
"""When the person can begin to work, by the assessment."""
CandidacyStatus = Literal["shortlisted", "presented", "interview", "offered", "accepted", "started", "closed"]
"""How far somebody has got on the way into one job."""
MeasureCategory = Literal["INTO_WORK", "MARKET_ACCESS", "EMPLOYABILITY"]
Result = Literal["passed", "attended"]
"""Of a course: an examination was passed, or the person took part to the end."""
ProgrammeStatus = Literal["active", "no_centre", "suspended", "ended"]
"""What the programme does in a country."""
Switch = Literal["active", "suspended"]
"""The switch per country: the second pauses the programme there, whatever the list of countries says."""
EndReference = Literal["case_ended", "case_ended_before_departure"]
"""From what a term of `retention` is counted: the end of a case after support, or after a departure; or before both."""


def sex_in_clear(said: SexAsSaid | None) -> Sex | None:
    """What may be told in clear of what the person says."""
    return next((each for each in get_args(Sex) if each == said), None)


def departure_word(code: str, otherwise: DepartureWord) -> DepartureWord:
    """A code of departure_statuses as this program knows it, else what it is taken for: a code may be newer."""
    return next((each for each in get_args(DepartureWord) if each == code), otherwise)
