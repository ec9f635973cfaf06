"""The reintegration plan: what a centre and a person have agreed on, as measures of the list and nothing else."""

from __future__ import annotations

from uuid import UUID

from chassis.pure.decision import Context, Decision, Refused
from chassis.pure.states import States
from counselling import refusals
from counselling.commands import AgreePlan
from counselling.domain.centre_file import CentreFile
from counselling.domain.plan import MOST_VERSIONS, Plan
from counselling.domain.referral import Referral
from counselling.events import AgreedMeasure, ReintegrationPlanAgreed
from counselling.handlers.access import by_centre, care_of, sight_in
from counselling.handlers.casework import first_contact
from counselling.outcomes import PlanOutcome
from vocabulary.copying import replace
from vocabulary.countries import day_at
from vocabulary.refusals import date_in_future, limit_reached, unknown_code


def agree_plan(states: States, command: AgreePlan, context: Context) -> Decision | Refused:
    """The person agrees; what they agree on later takes the place of it. Needs a consent that covers this centre now.

    What tells of health is assessed, and rests sealed: the plan travels (docs/domain.md: health-stays).
    """
    found = care_of(states, command.case_id, context.actor)
    if isinstance(found, Refused):
        return found
    file, referral = found
    if sight_in(file, context) != "whole":
        return refusals.CONSENT_GONE
    if refused := _why_not_agreed(file, referral, command, context):
        return refused
    measures = tuple(sorted(set(command.measures)))
    id_, version = _next(file, context)
    if version > MOST_VERSIONS:
        return limit_reached(MOST_VERSIONS, "versions of a plan", "Ask the operators: a program may be recording them.")
    plan = Plan(id_, version, measures, command.agreed_on, context.now)
    before = file.plans_before if file.plan is None else (*file.plans_before, file.plan)
    file = replace(file, plan=plan, plans_before=before)
    event = ReintegrationPlanAgreed(
        **by_centre(file, referral),
        plan_id=plan.id,
        plan_version=plan.version,
        measures=tuple(AgreedMeasure(code=each) for each in plan.measures),
        agreed_on=plan.agreed_on,
    )
    answer = PlanOutcome(case_id=file.id, status=file.status, plan_id=plan.id, version=plan.version)
    return Decision((file,), (event,), answer=answer)


def _next(file: CentreFile, context: Context) -> tuple[UUID, int]:
    """Which plan it is, and its version: the one after all that were told, a void one as well."""
    if file.plan is None:
        return context.random_id(), 1
    void = (each.record for each in file.voided if isinstance(each.record, Plan))
    return file.plan.id, 1 + max(each.version for each in (file.plan, *void) if each.id == file.plan.id)


def _why_not_agreed(file: CentreFile, referral: Referral, command: AgreePlan, context: Context) -> Refused | None:
    if not file.contacts:
        return refusals.NOT_IN_CONTACT if file.arrival is not None else refusals.NOT_ARRIVED
    today = day_at(referral.centre_country, context.now)
    for index, code in enumerate(command.measures):
        measure = context.reference.measures.get(code, on=today)
        if measure is None:
            return unknown_code(f"/measures/{index}", "assistance_codes")
        if measure.special_category:
            return refusals.MEASURE_OF_HEALTH
    if command.agreed_on > today:
        return date_in_future("/agreed_on")
    return refusals.PLAN_BEFORE_CONTACT if command.agreed_on < first_contact(file) else None
