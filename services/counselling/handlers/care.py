"""The levels of assessments, under the case's own key: they are health data in part.

The key rests in the file and the boxes in the assessments: who has a copy of one table has nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from chassis.pure.decision import NOTHING, Context, Decision, Refused
from chassis.pure.sealing import InClear, Vault
from chassis.pure.states import Need, States, by_id, by_link
from counselling import refusals
from counselling.answers import LevelsOutcome
from counselling.commands import DestroyLevels
from counselling.domain.assessment import Assessment
from counselling.domain.centre_file import CentreFile

CARE = "care"
"""The part of a case that this key opens."""


def whole_case(message: DestroyLevels | InClear) -> Iterable[Need]:
    """The file, and every assessment of the case."""
    case_id = message.case_id if isinstance(message, DestroyLevels) else message.id
    return (by_id(CentreFile, case_id), by_link(Assessment, case_id))


def with_levels(
    file: CentreFile, assessment_ref: UUID, levels: Mapping[str, int], vault: Vault
) -> tuple[CentreFile, str]:
    """The file with its key, and the sealed levels of an assessment."""
    text = json.dumps(dict(sorted(levels.items())))
    key, boxes = vault.seal(file.id, CARE, {_name(assessment_ref): text}, file.care_key)
    return replace(file, care_key=key), boxes[_name(assessment_ref)]


def levels_of(file: CentreFile, assessment: Assessment, vault: Vault) -> dict[str, int] | None:
    """The levels in clear; None if their key was destroyed. Raises `VaultError`."""
    if isinstance(assessment.levels, tuple):
        return {each.domain: each.level for each in assessment.levels}
    if assessment.levels is None or file.care_key is None:
        return None
    name = _name(assessment.id)
    found: dict[str, int] = json.loads(vault.open(file.id, CARE, file.care_key, {name: assessment.levels})[name])
    return found


def destroy_levels(states: States, command: DestroyLevels, context: Context) -> Decision | Refused:
    """Destroys the key of the levels, and the boxes with it; destroying them twice is no fault.

    Also for a centre whose support has ended, or that no consent lets know the person any more: then most of all.
    """
    file = states.get(CentreFile, command.case_id)
    if file is None or file.status == "unknown":
        return refusals.FILE_NOT_FOUND
    if not file.taken_on_by(context.actor.org):
        return refusals.OTHER_ORGANISATION
    assessments = states.linked(Assessment, file.id)
    without = tuple(replace(each, levels=None) for each in assessments)
    answer = LevelsOutcome(case_id=file.id, assessments=len(assessments))
    return Decision((replace(file, care_key=None), *without), answer=answer)


def seal_what_lies_in_clear(states: States, message: InClear, context: Context) -> Decision:
    """Seals what was stored before there was a key for it."""
    file = states.get(CentreFile, message.id)
    clear = [each for each in states.linked(Assessment, message.id) if isinstance(each.levels, tuple)]
    if file is None or not clear:
        return NOTHING
    sealed = []
    for each in clear:
        file, box = with_levels(file, each.id, levels_of(file, each, context.vault) or {}, context.vault)
        sealed.append(replace(each, levels=box))
    return Decision((file, *sealed))


def _name(assessment_ref: UUID) -> str:
    return f"levels/{assessment_ref}"
