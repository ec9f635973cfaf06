"""What tells of somebody's health, under the case's own key: needs of a referral, assistance at a departure.

All of them are sealed, not only those of a special category: whether there is a box must not tell which they are. The
box of a referral goes with it to every centre that it is redirected to, so it is bound to the root.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from chassis.pure.decision import NOTHING, Context, Decision
from chassis.pure.sealing import InClear, Vault
from chassis.pure.states import States
from referral.domain.case import Case
from referral.domain.journey import Journey
from referral.domain.referral import Codes, Referral

CARE = "care"
"""The part of a case that this key opens."""
ASSISTANCE = "assistance_codes"


def with_needs(case: Case, root_id: UUID, codes: Iterable[str], vault: Vault) -> tuple[Case, str]:
    """The case with its key, and the sealed needs of a referral."""
    return _sealed(case, _needs_of(root_id), codes, vault)


def with_assistance(case: Case, codes: Iterable[str], vault: Vault) -> tuple[Case, str]:
    """The case with its key, and the sealed codes of a departure."""
    return _sealed(case, ASSISTANCE, codes, vault)


def opened(case: Case, vault: Vault) -> Case:
    """The case as it may be shown, with codes in clear; never to be stored. Raises `VaultError`."""
    referrals = tuple(opened_referral(case.id, case.care_key, each, vault) for each in case.referrals)
    codes = _codes(case.id, case.care_key, ASSISTANCE, case.journey.assistance_codes, vault)
    return replace(case, referrals=referrals, journey=replace(case.journey, assistance_codes=codes))


def opened_referral(case_id: UUID, care_key: str | None, referral: Referral, vault: Vault) -> Referral:
    """One referral of a case, with its needs in clear. Raises `VaultError`."""
    needs = _codes(case_id, care_key, _needs_of(referral.root_id), referral.needs, vault)
    return replace(referral, needs=needs)


def destroyed(case: Case) -> Case:
    """The case without its key, and without what it opened."""
    journey = case.journey if case.journey.assistance_codes == () else replace(case.journey, assistance_codes=None)
    referrals = tuple(replace(each, needs=None) for each in case.referrals)
    return replace(case, care_key=None, referrals=referrals, journey=journey)


def seal_what_lies_in_clear(states: States, message: InClear, context: Context) -> Decision:
    """Seals what was stored before there was a key for it."""
    case = states.get(Case, message.id)
    if case is None:
        return NOTHING
    before, boxes = case, dict[UUID, str]()
    for each in case.referrals:
        if isinstance(each.needs, tuple) and each.root_id not in boxes:
            case, boxes[each.root_id] = with_needs(case, each.root_id, each.needs, context.vault)
    journey: Journey = case.journey
    if isinstance(journey.assistance_codes, tuple) and journey.departed_on is not None:
        case, box = with_assistance(case, journey.assistance_codes, context.vault)
        journey = replace(journey, assistance_codes=box)
    referrals = tuple(
        replace(each, needs=boxes[each.root_id]) if isinstance(each.needs, tuple) else each for each in case.referrals
    )
    case = replace(case, referrals=referrals, journey=journey)
    return NOTHING if case == before else Decision((case,))


def _needs_of(root_id: UUID) -> str:
    return f"needs/{root_id}"


def _sealed(case: Case, name: str, codes: Iterable[str], vault: Vault) -> tuple[Case, str]:
    text = json.dumps(sorted(set(codes)))
    key, boxes = vault.seal(case.id, CARE, {name: text}, case.care_key)
    return replace(case, care_key=key), boxes[name]


def _codes(case_id: UUID, key: str | None, name: str, codes: Codes, vault: Vault) -> tuple[str, ...] | None:
    if not isinstance(codes, str) or key is None:
        return codes if isinstance(codes, tuple) else None
    return tuple(json.loads(vault.open(case_id, CARE, key, {name: codes})[name]))
