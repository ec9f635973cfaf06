"""The way into work in memory: a desk in Lagos, an employer, and events of other services with sensible defaults."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from chassis.pure.decision import Actor, Decision, Refused
from chassis.pure.messages import Contract, Event
from chassis.settings import ROOT
from placement import commands, contracts
from placement.consumers import EVENTS
from placement.domain.candidacy import Candidacy
from placement.domain.candidate import Candidate
from placement.domain.vacancy import Vacancy
from placement.handlers import COMMANDS, DEADLINES, KINDS
from placement.reference import Reference
from tests.support.memory import NOW, MemoryService
from vocabulary.switch import CountryStatus, id_of, over

CASE = UUID("39b9e3da-87cb-47ce-b42e-47b34349519b")
OTHER_CASE = UUID("39b9e3da-87cb-47ce-b42e-47b34349519c")
REFERRAL = UUID("f204789e-34f3-4b07-a44a-301596ceb9b0")
SECOND = UUID("f204789e-34f3-4b07-a44a-301596ceb9b1")
CHILD = UUID("f204789e-34f3-4b07-a44a-301596ceb9b2")
NOBODY = UUID("00000000-0000-4000-8000-000000000000")
TODAY = NOW.date()
DAY = timedelta(days=1)
LAST_DAY = date(2026, 5, 31)

LAGOS, EDO, ACCRA = "centre:NG-LOS", "centre:NG-EDO", "centre:GH-ACC"
DAKAR = "centre:SN-DKR"
"""The fallback for The Gambia, which has no centre."""
OFFICER = Actor("placement_officer", LAGOS, "NG")
IN_EDO = Actor("placement_officer", EDO, "NG")
IN_ACCRA = Actor("placement_officer", ACCRA, "GH")
IN_DAKAR = Actor("placement_officer", DAKAR, "SN")


@cache
def reference() -> Reference:
    """The code lists of the project, read once."""
    return Reference.load(ROOT / "schemas" / "reference")


def aged(band: str, case_id: UUID = CASE) -> contracts.AgeBandChanged:
    """The person counts to another age band."""
    return contracts.AgeBandChanged.model_validate({"case_id": case_id, "age_band": band})


def referred(case_id: UUID = CASE, referral_id: UUID = REFERRAL, **changes: Any) -> contracts.ReturneeReferred:
    """A painter is referred to Lagos."""
    fields = {
        "case_id": case_id,
        "referral_id": referral_id,
        "root_referral_id": referral_id,
        "to_centre": LAGOS,
        "country": "NG",
        "admin1": "NG-LA",
        "skills": ("7131",),
        "language": "en",
        "target_group": "RETURNEE_DE",
        "age_band": "25_34",
    }
    return contracts.ReturneeReferred.model_validate({**fields, **changes})


def withdrawn(
    referral_id: UUID = REFERRAL, case_id: UUID = CASE, *, walk_in: bool | None = None
) -> contracts.ReferralWithdrawn:
    """The scout takes a referral back."""
    return contracts.ReferralWithdrawn(case_id=case_id, referral_id=referral_id, walk_in=walk_in)


def closed_by_centre(referral_id: UUID = REFERRAL) -> contracts.ReferralCompleted:
    """A centre has completed its support."""
    return contracts.ReferralCompleted(case_id=CASE, referral_id=referral_id)


def failed(*, ends_case: bool = False, referral_id: UUID = REFERRAL) -> contracts.ReferralFailed:
    """Nothing more comes of a referral."""
    return contracts.ReferralFailed(case_id=CASE, referral_id=referral_id, ends_case=ends_case)


def reopened(referral_id: UUID = REFERRAL) -> contracts.ReferralReopened:
    """A centre goes on with a referral."""
    return contracts.ReferralReopened(case_id=CASE, referral_id=referral_id)


def rejected(referral_id: UUID = REFERRAL) -> contracts.ReferralRejected:
    """A centre does not take the person on."""
    return contracts.ReferralRejected(case_id=CASE, referral_id=referral_id)


def redirected(referral_id: UUID = REFERRAL, child: UUID = CHILD, **changes: Any) -> contracts.ReferralRedirected:
    """Lagos passes the person on to Edo."""
    fields = {"referral_id": referral_id, "child_referral_id": child, "to_centre": EDO}
    return contracts.ReferralRedirected.model_validate({"case_id": CASE, **fields, **changes})


def consent(
    purpose: str = "matching",
    *recipients: str,
    case_id: UUID = CASE,
    number: int = 1,
    until: date = date(2028, 3, 1),
    expires_at: datetime | None = None,
) -> contracts.ConsentGranted:
    """The person allows `purpose`; every number is a consent of its own."""
    return contracts.ConsentGranted(
        case_id=case_id,
        consent_id=UUID(int=number),
        purpose=purpose,
        recipients=recipients or ("country:NG",),
        valid_until=until,
        expires_at=expires_at,
    )


def consent_gone(purpose: str = "matching", number: int = 1) -> contracts.ConsentWithdrawn:
    """The person takes that consent back."""
    return contracts.ConsentWithdrawn(case_id=CASE, consent_id=UUID(int=number), purpose=purpose)


def completed(result: str = "passed", isco08: str = "7132", skills: tuple[str, ...] = ()) -> contracts.CourseCompleted:
    """The person took a course to its end."""
    return contracts.CourseCompleted.model_validate(
        {"case_id": CASE, "enrolment_id": UUID(int=int(isco08)), "isco08": isco08, "result": result, "skills": skills}
    )


def arrived(on: date = TODAY, admin1: str | None = None) -> contracts.ArrivedInCountry:
    """The person is in the country."""
    return contracts.ArrivedInCountry(case_id=CASE, arrived_on=on, admin1=admin1)


def assessed(readiness: str) -> contracts.NeedsAssessed:
    """The centre says whether the person can work."""
    return contracts.NeedsAssessed.model_validate({"case_id": CASE, "readiness": readiness})


def switched(country: str, switch: str) -> contracts.CountrySwitched:
    """The programme is suspended in a country, or no longer."""
    return contracts.CountrySwitched(
        country_id=id_of(country), country=country, switch=switch, reason="security", effective_at=NOW
    )


class World:
    """The service in memory, one employer, one vacancy, and a person who was referred and consented to matching."""

    def __init__(self, openings: int = 1) -> None:
        self.service = MemoryService(KINDS, COMMANDS, EVENTS, DEADLINES, reference())
        self.employer = self.do(commands.RegisterEmployer("Lekki Paint Works Ltd", "F")).employer_id
        self.vacancy_id = self.publish(openings=openings)
        self.tell(referred(), consent())

    # --- acting ---

    def run(self, command: Any, actor: Actor = OFFICER) -> Decision | Refused:
        """Runs a command."""
        return self.service.command(command, actor)

    def do(self, command: Any, actor: Actor = OFFICER) -> Any:
        """The answer of a command that must not be refused."""
        outcome = self.run(command, actor)
        assert isinstance(outcome, Decision), outcome
        return outcome.answer

    def tell(self, *events: Contract, at: datetime | None = None) -> None:
        """Delivers events of other services, none of which may be refused."""
        for event in events:
            outcome = self.service.event(event, at)
            assert isinstance(outcome, Decision), outcome
            if isinstance(event, contracts.CountrySwitched):  # what each process does twice a second
                self.service.reference = over(reference(), self.service.all(CountryStatus))

    def vacancy_command(self, **changes: Any) -> commands.PublishVacancy:
        """A command that publishes a painter's vacancy in Lagos."""
        fields: dict[str, Any] = {
            "employer_id": self.employer,
            "isco08": "7131",
            "skills": ("7132",),
            "admin1": "NG-LA",
            "openings": 1,
            "employment_type": "full_time",
            "wage_band": "minimum_to_median",
            "formal": True,
            "expires_on": LAST_DAY,
        }
        return commands.PublishVacancy(**{**fields, **changes})

    def publish(self, actor: Actor = OFFICER, **changes: Any) -> UUID:
        """Publishes such a vacancy."""
        id_: UUID = self.do(self.vacancy_command(**changes), actor).vacancy_id
        return id_

    def update_command(self, **changes: Any) -> commands.UpdateVacancy:
        """A command that leaves the vacancy as it is, but for the changes."""
        names = ("skills", "admin1", "openings", "wage_band", "formal", "expires_on")
        fields = {name: getattr(self.vacancy, name) for name in names}
        return commands.UpdateVacancy(**{"vacancy_id": self.vacancy_id, **fields, **changes})

    def publish_in_gambia(self, **changes: Any) -> UUID:
        """A vacancy of an employer in The Gambia, kept by the desk in Dakar."""
        employer = self.do(commands.RegisterEmployer("Serekunda Paint Works", "F", "GM"), IN_DAKAR).employer_id
        return self.publish(IN_DAKAR, **{"employer_id": employer, "admin1": None, **changes})

    def shortlist(self, case_id: UUID = CASE, actor: Actor = OFFICER) -> UUID:
        """Picks a person for the vacancy."""
        id_: UUID = self.do(commands.Shortlist(self.vacancy_id, case_id), actor).candidacy_id
        return id_

    def present(self, case_id: UUID = CASE, number: int = 2) -> UUID:
        """Picks a person, who consents to be presented to the employer, and presents them."""
        candidacy_id = self.shortlist(case_id)
        self.tell(consent("presentation", f"employer:{self.employer}", case_id=case_id, number=number))
        self.do(commands.Present(*self.ids(candidacy_id)))
        return candidacy_id

    def interview(self, case_id: UUID = CASE, number: int = 2) -> UUID:
        """Leads a person to an interview that is to come; the candidacy's id."""
        candidacy_id = self.present(case_id, number)
        self.do(commands.ArrangeInterview(*self.ids(candidacy_id), NOW + 3 * DAY, "in_person"))
        return candidacy_id

    def offer_command(self, candidacy_id: UUID, **changes: Any) -> commands.MakeOffer:
        """A command that makes an ordinary offer."""
        vacancy_id, case_id, candidacy_id = self.ids(candidacy_id)
        fields: dict[str, Any] = {
            "employment_type": None,
            "hours_per_week": 40,
            "wage_band": None,
            "starts_on": TODAY + 30 * DAY,
            "expires_at": None,
            "formal": True,
            "subsidised": False,
        }
        return commands.MakeOffer(vacancy_id, case_id, candidacy_id, **{**fields, **changes})

    def offer(self, case_id: UUID = CASE, number: int = 2, **changes: Any) -> UUID:
        """Leads a person to an offer; the candidacy's id."""
        candidacy_id = self.present(case_id, number)
        self.do(self.offer_command(candidacy_id, **changes))
        return candidacy_id

    def accept(self, case_id: UUID = CASE, number: int = 2, **changes: Any) -> UUID:
        """Leads a person to an accepted offer; the candidacy's id."""
        candidacy_id = self.offer(case_id, number, **changes)
        self.do(commands.AcceptOffer(*self.ids(candidacy_id)))
        return candidacy_id

    def start(self, evidence_type: Any = "contract", **changes: Any) -> UUID:
        """Leads the person into work; the candidacy's id."""
        candidacy_id = self.accept(**changes)
        self.do(commands.StartEmployment(*self.ids(candidacy_id), TODAY, evidence_type))
        return candidacy_id

    # --- looking ---

    def ids(self, candidacy_id: UUID) -> tuple[UUID, UUID, UUID]:
        """What every command on a candidacy carries."""
        vacancy, candidacy = self.find(candidacy_id)
        return vacancy.id, candidacy.case_id, candidacy.id

    def find(self, candidacy_id: UUID) -> tuple[Vacancy, Candidacy]:
        """A candidacy as it is stored, with its vacancy."""
        for vacancy in self.service.all(Vacancy):
            candidacy = vacancy.candidacy(candidacy_id)
            if candidacy is not None:
                return vacancy, candidacy
        raise KeyError(candidacy_id)

    def candidacy(self, candidacy_id: UUID) -> Candidacy:
        """A candidacy as it is stored."""
        return self.find(candidacy_id)[1]

    @property
    def vacancy(self) -> Vacancy:
        """The vacancy as it is stored."""
        vacancy: Vacancy = self.service.state(Vacancy, self.vacancy_id)
        return vacancy

    @property
    def candidate(self) -> Candidate:
        """The person as stored."""
        candidate: Candidate = self.service.state(Candidate, CASE)
        return candidate

    def told(self) -> list[str]:
        """The names of what was published."""
        return [type(event).__name__ for event in self.service.events]

    def last(self, kind: type[Event]) -> Any:
        """The last event of a kind."""
        return next(event for event in reversed(self.service.events) if isinstance(event, kind))

    def due(self, name: str, subject: UUID) -> datetime | None:
        """When a deadline is due, if it runs."""
        return self.service.due(name, subject)


def refused(outcome: Decision | Refused, code: str, status: int = 409, field: str = "") -> None:
    """The command was refused, so, and in words that help."""
    assert isinstance(outcome, Refused), outcome
    assert (outcome.code, outcome.status, outcome.field) == (code, status, field)
    assert outcome.detail.endswith(".")
    assert outcome.remedy.endswith(".")
