"""Whatever is recorded by a command can be put right by another one, for a coded reason; or it says here why not.

A new command is in one of three tables, or this test fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import pytest

from chassis.settings import ROOT
from counselling import handlers as at_the_centre
from journey import handlers as at_the_journey
from placement import handlers as at_the_placement_desk
from referral import handlers as at_the_desk
from training import handlers as at_the_provider

SERVICES: Final = {
    "referral": at_the_desk,
    "training": at_the_provider,
    "counselling": at_the_centre,
    "placement": at_the_placement_desk,
    "journey": at_the_journey,
}
PUT_RIGHT_BY: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "referral": {
        "OpenCase": ("CorrectCase", "VoidCase"),
        "CorrectCase": ("CorrectCase", "VoidCase"),
        "Refer": ("WithdrawReferral",),
        "SendHandoverPackage": ("VoidHandoverPackage",),
        "PlanDeparture": ("RescheduleDeparture", "CancelDeparture"),
        "BookDeparture": ("RescheduleDeparture", "CancelDeparture"),
        "RescheduleDeparture": ("RescheduleDeparture", "CancelDeparture"),
        "ConfirmDeparture": ("CorrectDeparture", "VoidDeparture"),
        "CorrectDeparture": ("CorrectDeparture", "VoidDeparture"),
    },
    "training": {
        "ScheduleSession": ("CancelSession",),
        "CompleteEnrolment": ("CorrectCompletion", "VoidCompletion"),
        "CorrectCompletion": ("CorrectCompletion", "VoidCompletion"),
    },
    "counselling": {
        "AcceptReferral": ("FailReferral",),
        "CompleteReferral": ("ReopenReferral",),
        "FailReferral": ("ReopenReferral",),
        "ReportNeverArrived": ("ReopenReferral",),
        "ReopenReferral": ("FailReferral",),
        "RecordPreDepartureCall": ("VoidCall",),
        "ConfirmArrival": ("CorrectArrival", "VoidArrival"),
        "RecordContact": ("VoidContact",),
        "AgreePlan": ("VoidPlan",),
        "ConfirmLink": ("UndoLink",),
    },
    "placement": {
        "Shortlist": ("CloseCandidacy",),
        "Present": ("CloseCandidacy",),
        "ArrangeInterview": ("CloseCandidacy",),
        "ReportInterview": ("CorrectInterview", "VoidInterview"),
        "CorrectInterview": ("CorrectInterview", "VoidInterview"),
        "MakeOffer": ("CorrectOffer", "VoidOffer"),
        "AcceptOffer": ("VoidOffer",),
        "StartEmployment": ("CorrectEmployment", "VoidEmployment"),
    },
    "journey": {},
}
"""By which commands, each of which takes a reason."""
TWO_PEOPLE: Final = "two people have said so, or are to: what is wrong is asked for anew"
SAYS_SO_ITSELF: Final = "it puts something right, and what was meant is recorded anew"
NO_FACT: Final = "it tells of the records, not of the person"
NOT_NEEDED: Final[Mapping[str, Mapping[str, str]]] = {
    "referral": {
        "VoidCase": SAYS_SO_ITSELF,
        "AskForCase": "the centre declines, or nobody answers and it lapses",
        "SetProfile": "set anew, the new one takes the place of it in every copy",
        "GrantConsent": "taken back by WithdrawConsent, which needs no reason of anybody",
        "WithdrawConsent": "the person's will: what they sign after it is another consent",
        "WithdrawReferral": "the person is referred anew, or the centre that has them reopens",
        "VoidHandoverPackage": SAYS_SO_ITSELF,
        "CancelDeparture": "planned anew",
        "VoidDeparture": SAYS_SO_ITSELF,
        "MissDeparture": "planned anew, or departed",
        "DivertDeparture": "departed anew: they travel on",
        "RequestDestruction": TWO_PEOPLE,
        "ConfirmDestruction": "what is destroyed cannot come back: so it takes two people, and three days",
        "RejectDestruction": TWO_PEOPLE,
        "HoldCase": NO_FACT,
        "ReleaseHold": NO_FACT,
        "RequestCountryStatus": TWO_PEOPLE,
        "ConfirmCountryStatus": TWO_PEOPLE,
        "RejectCountryStatus": TWO_PEOPLE,
    },
    "training": {
        "CancelSession": "its people have seats elsewhere by then: another session is scheduled",
        "RequestEnrolment": "taken back by CancelEnrolment, which needs no reason of anybody",
        "CancelEnrolment": "requested anew, for the seats that are left",
        "VoidCompletion": SAYS_SO_ITSELF,
    },
    "counselling": {
        "RejectReferral": "the scout has found another way since, or refers the person again",
        "RedirectReferral": "the other centre has the person in its inbox, and answers",
        "CorrectArrival": TWO_PEOPLE,
        "VoidArrival": TWO_PEOPLE,
        "ConfirmCorrection": TWO_PEOPLE,
        "RejectCorrection": TWO_PEOPLE,
        "VoidCall": SAYS_SO_ITSELF,
        "VoidContact": SAYS_SO_ITSELF,
        "VoidPlan": SAYS_SO_ITSELF,
        "DeclineAdoption": "the desk asks for the case anew",
        "LinkCases": TWO_PEOPLE,
        "RejectLink": TWO_PEOPLE,
        "UndoLink": "two people link the cases anew",
        "DestroyLevels": "what is destroyed cannot come back",
        "SetProfile": "set anew, the new one takes the place of it",
        "OpenGlass": NO_FACT,
        "ReviewGlass": NO_FACT,
        "RequestDestruction": TWO_PEOPLE,
        "ConfirmDestruction": "what is destroyed cannot come back: so it takes two people, and three days",
        "RejectDestruction": TWO_PEOPLE,
        "RecordConsent": "taken back by WithdrawConsent, which needs no reason of anybody",
        "WithdrawConsent": "the person's will: what they sign after it is another consent",
        "HoldFile": NO_FACT,
        "ReleaseHold": NO_FACT,
    },
    "placement": {
        "RegisterEmployer": "no fact about a person: nothing is told of an employer but in a vacancy",
        "PublishVacancy": "no fact about a person: UpdateVacancy and CloseVacancy take no reason",
        "UpdateVacancy": "updated again",
        "CloseVacancy": "published anew",
        "CloseCandidacy": "none bars a new one: the person is shortlisted again",
        "DeclineOffer": "never sanctioned: the person is shortlisted, and offered work, again",
        "VoidInterview": SAYS_SO_ITSELF,
        "CorrectOffer": TWO_PEOPLE,
        "VoidOffer": TWO_PEOPLE,
        "CorrectEmployment": TWO_PEOPLE,
        "VoidEmployment": TWO_PEOPLE,
        "ConfirmCorrection": TWO_PEOPLE,
        "RejectCorrection": TWO_PEOPLE,
    },
    "journey": {},
}
"""Commands after which nothing has to be put right by another one, and why."""
ABSENT: Final[Mapping[str, frozenset[str]]] = {
    "referral": frozenset(),
    "training": frozenset(),
    "counselling": frozenset({"OpenFile", "RecordAssessment", "ConfirmAdoption"}),
    "placement": frozenset(),
    "journey": frozenset(),
}
"""What cannot be put right: the service's README says so under *Not here*."""


def commands_of(service: str) -> Mapping[str, type[Any]]:
    return {each.__name__: each for each in SERVICES[service].COMMANDS}


@pytest.mark.parametrize("service", SERVICES)
def test_every_command_is_put_right_by_another_one_or_says_why_not(service: str) -> None:
    tables = (PUT_RIGHT_BY[service], NOT_NEEDED[service], ABSENT[service])
    named = [name for table in tables for name in table]
    assert sorted(named) == sorted(commands_of(service)), "each command once, and no other"


@pytest.mark.parametrize("service", SERVICES)
def test_what_puts_something_right_takes_a_reason(service: str) -> None:
    known = commands_of(service)
    for name, ways in PUT_RIGHT_BY[service].items():
        for way in ways:
            names = {each.name for each in fields(known[way])}
            assert names & {"reason", "outcome_code"}, (name, way)


@pytest.mark.parametrize("service", [each for each in SERVICES if ABSENT[each]])
def test_what_cannot_be_put_right_is_said_in_the_readme(service: str) -> None:
    page = Path(ROOT, "services", service, "README.md").read_text(encoding="utf-8")
    said = page.partition("## Not here")[2]
    assert [each for each in sorted(ABSENT[service]) if f"`{each}`" not in said] == []
