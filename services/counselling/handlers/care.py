"""The levels of assessments, under a key per case and centre: they are health data in part.

The keys rest in the file and the boxes in the assessments: who has a copy of one table has nothing.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from chassis.pure.decision import NOTHING, Context, Decision, Refused
from chassis.pure.sealing import InClear, Rewrap, Vault, all_rewrapped
from chassis.pure.states import States
from counselling import refusals
from counselling.commands import DestroyLevels
from counselling.domain.assessment import Assessment
from counselling.domain.centre_file import CentreFile
from counselling.events import LevelsDestroyed
from counselling.handlers.access import sight_in
from counselling.outcomes import LevelsOutcome
from vocabulary.copying import replace

CARE = "care"
"""The part of a case that these keys open."""


def with_levels(
    file: CentreFile, centre: str, assessment_ref: UUID, levels: Mapping[str, int], vault: Vault
) -> tuple[CentreFile, str]:
    """The file with the centre's key, and the sealed levels of an assessment that the centre has made."""
    text = json.dumps(dict(sorted(levels.items())))
    key, boxes = vault.seal(file.id, CARE, {_name(assessment_ref): text}, file.care_keys.get(centre))
    return replace(file, care_keys={**file.care_keys, centre: key}), boxes[_name(assessment_ref)]


def levels_of(file: CentreFile, assessment: Assessment, vault: Vault) -> dict[str, int] | None:
    """The levels in clear; None if their key was destroyed. Raises `VaultError`."""
    if isinstance(assessment.levels, tuple):
        return {each.domain: each.level for each in assessment.levels}
    key = file.care_keys.get(assessment.centre)
    if assessment.levels is None or key is None:
        return None
    name = _name(assessment.id)
    found: dict[str, int] = json.loads(vault.open(file.id, CARE, key, {name: assessment.levels})[name])
    return found


def readable(states: States, file: CentreFile, centre: str) -> list[Assessment]:
    """The assessments that a centre may read: all while it has the person in its care, then its own; no void one."""
    held = file.held_by(centre) is not None
    standing = (each for each in states.linked(Assessment, file.id) if each.status != "void")
    return [each for each in standing if held or each.centre == centre]


def destroy_levels(states: States, command: DestroyLevels, context: Context) -> Decision | Refused:
    """Destroys the keys of levels, and the boxes with them; destroying them twice is no fault, and is told once.

    Those of the whole case, for a centre that has the person in its care and may read them. Its own, for every other
    that has ever taken the person on: also after the end, and without a consent, then most of all.
    """
    file = states.get(CentreFile, command.case_id)
    if file is None or file.status == "unknown":
        return refusals.FILE_NOT_FOUND
    centre = context.actor.org
    if not file.taken_on_by(centre):
        return refusals.OTHER_ORGANISATION
    everybodys = file.held_by(centre) is not None and sight_in(file, context) == "whole"
    assessments = [each for each in states.linked(Assessment, file.id) if everybodys or each.centre == centre]
    makers = {each.centre for each in assessments if each.levels is not None} | file.care_keys.keys()
    centres = makers if everybodys else makers & {centre}
    told = (LevelsDestroyed(case_id=file.id, centres=tuple(sorted(centres))),) if centres else ()
    answer = LevelsOutcome(case_id=file.id, assessments=len(assessments))
    return Decision(without_levels(file, assessments, centres), told, answer=answer)


def without_levels(
    file: CentreFile, assessments: Iterable[Assessment], centres: Collection[str]
) -> tuple[CentreFile | Assessment, ...]:
    """The file without the keys of these centres, and their assessments without levels."""
    kept = {of: key for of, key in file.care_keys.items() if of not in centres}
    without = (replace(each, levels=None) for each in assessments if each.centre in centres)
    return replace(file, care_keys=kept), *without


def rewrap(states: States, message: Rewrap, context: Context) -> Decision:
    """Another generation seals now: the keys come to it, and the boxes stay as they are. Raises `VaultError`."""
    file = states.get(CentreFile, message.id)
    if file is None:
        return NOTHING
    keys = all_rewrapped(context.vault, file.id, {centre: (CARE, key) for centre, key in file.care_keys.items()})
    return NOTHING if keys == file.care_keys else Decision((replace(file, care_keys=keys),))


def seal_what_lies_in_clear(states: States, message: InClear, context: Context) -> Decision:
    """Seals what was stored before there was a key for it."""
    file = states.get(CentreFile, message.id)
    clear = [each for each in states.linked(Assessment, message.id) if isinstance(each.levels, tuple)]
    if file is None or not clear:
        return NOTHING
    sealed = []
    for each in clear:
        file, box = with_levels(file, each.centre, each.id, levels_of(file, each, context.vault) or {}, context.vault)
        sealed.append(replace(each, levels=box))
    return Decision((file, *sealed))


def _name(assessment_ref: UUID) -> str:
    return f"levels/{assessment_ref}"
