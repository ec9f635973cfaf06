"""What the handlers of commands share: whose desk acts, for which countries, what a command is about."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypedDict
from uuid import UUID

from chassis.pure.decision import Context, Refused
from chassis.pure.states import States
from placement import refusals
from placement.commands import OnCandidacy
from placement.domain import consents
from placement.domain.candidacy import ONWARDS, TRANSITIONS, Candidacy, Step
from placement.domain.candidate import Candidate
from placement.domain.persons import person_of
from placement.domain.sight import Eyes
from placement.domain.terms import ClosedReason, Party, Purpose
from placement.domain.vacancy import Vacancy
from placement.events import CandidacyClosed
from placement.reference import Reference
from vocabulary.countries import day_at
from vocabulary.refusals import country_not_active, country_suspended, not_a_centre, wrong_state
from vocabulary.switch import ENDED, SUSPENDED, status_on
from vocabulary.terms import CandidacyStatus
from vocabulary.transitions import statuses_before


@dataclass(frozen=True, slots=True)
class Desk:
    """The placement desk of a centre, on a day of the country where it lies.

    It acts for `countries`: its own, and those without a centre that it is the fallback of on that day.
    """

    centre: str
    home: str
    countries: tuple[str, ...]
    today: date

    @property
    def recipients(self) -> tuple[str, ...]:
        """Whom a consent names that covers this desk. It lies in one country, for however many it acts."""
        return consents.desk(self.centre, self.home)

    def eyes(self, now: datetime) -> Eyes:
        """With which it looks at people now."""
        return Eyes(self.centre, self.recipients, self.countries, now)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a command on a candidacy finds, checked: it is the desk's to act, and in the right state."""

    today: date
    """In the vacancy's country."""
    candidate: Candidate
    vacancy: Vacancy
    candidacy: Candidacy


def desk_at(org: str, reference: Reference, now: datetime) -> Desk | Refused:
    """The desk of an organisation. Only centres have one, and only while they are open."""
    centre = reference.centres.get(org)
    if centre is None:
        return not_a_centre()
    today = day_at(centre.country, now)
    if reference.centres.get(org, on=today) is None:
        return not_a_centre()
    return Desk(org, centre.country, reference.countries_of(centre, today), today)


def desk_of(context: Context) -> Desk | Refused:
    """The desk that acts."""
    return desk_at(context.actor.org, context.reference, context.now)


def paused(country: str, context: Context) -> Refused | None:
    """Why nothing about a person goes to employers there now: the programme is suspended in the country, or has ended
    there, also where the desk of another one stands in."""
    status = status_on(context.reference.countries, country, day_at(country, context.now))
    return country_suspended() if status == SUSPENDED else country_not_active() if status == ENDED else None


def scene_of(
    states: States,
    command: OnCandidacy,
    context: Context,
    step: Step,
    among: Collection[CandidacyStatus] | None = None,
) -> Scene | Refused:
    """What the command is about, or why it cannot be. `among`: the step is for candidacies of these statuses only. Of
    two cases of one person in a vacancy, one goes on: nobody is named to an employer twice, nor offered two openings.
    """
    scene = whatever_state(states, command, context)
    if isinstance(scene, Refused):
        return scene
    candidacy = scene.candidacy
    if not candidacy.allows(step) or (among is not None and candidacy.status not in among):
        return wrong_state("candidacy", candidacy.status, *(among or statuses_before(TRANSITIONS, step)))
    same_person = scene.vacancy.live_candidacies_of(cases_of(states, scene.candidate))
    if any(each.id != candidacy.id and each.status in ONWARDS.get(step, ()) for each in same_person):
        return refusals.SAME_PERSON_AHEAD
    return scene


def cases_of(states: States, candidate: Candidate) -> Collection[UUID]:
    """Every case of the person."""
    return person_of(candidate, states.linked(Candidate, candidate.id))


def whatever_state(states: States, command: OnCandidacy, context: Context) -> Scene | Refused:
    """What the command is about, if it is the desk's to act."""
    desk = desk_of(context)
    if isinstance(desk, Refused):
        return desk
    vacancy = states.get(Vacancy, command.vacancy_id)
    candidate = states.get(Candidate, command.case_id)
    candidacy = None if vacancy is None else vacancy.candidacy(command.candidacy_id)
    if vacancy is None or candidate is None or candidacy is None or candidacy.case_id != command.case_id:
        return refusals.CANDIDACY_NOT_FOUND
    if vacancy.country not in desk.countries:
        return refusals.OTHER_ORGANISATION
    if candidacy.centre != desk.centre and not desk.eyes(context.now).know(candidate):
        return refusals.CANDIDACY_NOT_FOUND
    return Scene(day_at(vacancy.country, context.now), candidate, vacancy, candidacy)


def rests_on(purpose: Purpose, vacancy: Vacancy, candidacy: Candidacy, reference: Reference) -> tuple[str, ...]:
    """The recipients of whom a consent must name one, for a candidacy to rest on it."""
    if purpose == "presentation":
        return consents.employer(vacancy.employer_id)
    centre = reference.centres.get(candidacy.centre)
    if centre is None:
        raise ValueError("a desk picked the person, and no centre is ever deleted from the list")
    return consents.desk(centre.code, centre.country)


class Ids(TypedDict):
    """What every event about a candidacy carries."""

    case_id: UUID
    candidacy_id: UUID
    vacancy_id: UUID
    country: str


def ids_of(vacancy: Vacancy, candidacy: Candidacy) -> Ids:
    """The ids of a candidacy, as its events carry them."""
    return {
        "case_id": candidacy.case_id,
        "candidacy_id": candidacy.id,
        "vacancy_id": vacancy.id,
        "country": vacancy.country,
    }


def candidacy_closed(
    vacancy: Vacancy, closed: Iterable[Candidacy], reason: ClosedReason, by: Party
) -> tuple[CandidacyClosed, ...]:
    """The events that tell of closed candidacies."""
    return tuple(CandidacyClosed(**ids_of(vacancy, each), reason=reason, by=by) for each in closed)
