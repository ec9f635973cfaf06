"""What tells of somebody's health, under the case's own key: needs of a referral, assistance at a departure.

All of them are sealed, not only those of a special category: whether there is a box must not tell which they are. The
box of a referral goes with it to every centre that it is redirected to, so it is bound to the root.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from uuid import UUID

from pydantic_core import from_json

from chassis.pure.decision import NOTHING, Context, Decision
from chassis.pure.sealing import InClear, Vault, WrappedKey, all_rewrapped
from chassis.pure.states import States
from referral.domain.case import Case
from referral.domain.departing import Left
from referral.domain.journey import Journey
from referral.domain.referral import Referral
from referral.domain.terms import SealedCodes
from vocabulary.copying import replace

CARE = "care"
"""The part of a case that this key opens."""
ASSISTANCE = "assistance_codes"


def sealed_needs(case: Case, root_id: UUID, codes: Iterable[str], vault: Vault) -> tuple[WrappedKey, str]:
    """The key that the case is to keep, and the box with the needs of a referral."""
    return _sealed(case, _needs_of(root_id), codes, vault)


def sealed_assistance(case: Case, codes: Iterable[str], vault: Vault) -> tuple[WrappedKey, str]:
    """The key that the case is to keep, and the box with the codes of a departure."""
    return _sealed(case, ASSISTANCE, codes, vault)


def open_for(case: Case, needs: Iterable[str], vault: Vault) -> Referral | None:
    """An open referral for one of these needs, if there is one that nobody has asked to end. Raises `VaultError`."""
    wanted = set(needs)
    waiting = (each for each in case.referrals if each.bars)
    return next(
        (each for each in waiting if wanted & set(needs_in_clear(case.id, case.care_key, each, vault) or ())), None
    )


def opened(case: Case, vault: Vault) -> Case:
    """The case as it may be shown, with codes in clear; never to be stored. Raises `VaultError`."""
    referrals = tuple(
        replace(each, needs=needs_in_clear(case.id, case.care_key, each, vault)) for each in case.referrals
    )
    codes = assistance_in_clear(case, vault)
    return replace(case, referrals=referrals, journey=replace(case.journey, assistance_codes=codes))


def needs_in_clear(
    case_id: UUID, care_key: WrappedKey | None, referral: Referral, vault: Vault
) -> tuple[str, ...] | None:
    """The needs of one referral of a case; None if its key is destroyed. Raises `VaultError`."""
    return _codes(case_id, care_key, _needs_of(referral.root_id), referral.needs, vault)


def assistance_in_clear(case: Case, vault: Vault) -> tuple[str, ...] | None:
    """The assistance at the departure; None if its key is destroyed. Raises `VaultError`."""
    return _codes(case.id, case.care_key, ASSISTANCE, case.journey.assistance_codes, vault)


def without_care(case: Case) -> Case:
    """The case without the key of needs and assistance, and without what it opened."""
    journey = case.journey
    if journey.assistance_codes != ():
        journey = replace(journey, assistance_codes=None)
    before = tuple(replace(each, left=each.left and _without_codes(each.left)) for each in journey.before_departures)
    corrected = tuple(
        replace(each, was=_without_codes(each.was), now=each.now and _without_codes(each.now))
        for each in case.departures_corrected
    )
    referrals = tuple(replace(each, needs=None) for each in case.referrals)
    journey = replace(journey, before_departures=before)
    return replace(case, care_key=None, referrals=referrals, journey=journey, departures_corrected=corrected)


def _without_codes(left: Left) -> Left:
    return replace(left, assistance_codes=None)


def destroyed(case: Case) -> Case:
    """The case without any key: neither needs nor the profile open any more."""
    return replace(without_care(case), profile_keys={}, birth_date_known=None, band_ends_on=None)


def rewrapped(case: Case, vault: Vault) -> Case:
    """The case with its keys under the generation that seals now, but for those that do not open; all boxes stay as
    they are. Raises `VaultError`."""
    keys = {name: (name, part.key) for name, part in case.profile_keys.items()}
    of_case = {} if case.care_key is None else {None: (CARE, case.care_key)}
    after = all_rewrapped(vault, case.id, {**keys, **of_case})
    parts = {name: replace(part, key=after[name]) for name, part in case.profile_keys.items()}
    return replace(case, care_key=after.get(None), profile_keys=parts)


def seal_what_lies_in_clear(states: States, message: InClear, context: Context) -> Decision:
    """Seals what was stored before there was a key for it."""
    case = states.get(Case, message.id)
    if case is None:
        return NOTHING
    before, boxes = case, dict[UUID, str]()
    for each in case.referrals:
        if isinstance(each.needs, tuple) and each.root_id not in boxes:
            key, boxes[each.root_id] = sealed_needs(case, each.root_id, each.needs, context.vault)
            case = replace(case, care_key=key)
    journey: Journey = case.journey
    if isinstance(journey.assistance_codes, tuple) and journey.departed_on is not None:
        key, box = sealed_assistance(case, journey.assistance_codes, context.vault)
        case, journey = replace(case, care_key=key), replace(journey, assistance_codes=box)
    referrals = tuple(
        replace(each, needs=boxes[each.root_id]) if isinstance(each.needs, tuple) else each for each in case.referrals
    )
    case = replace(case, referrals=referrals, journey=journey)
    return NOTHING if case == before else Decision((case,))


def _needs_of(root_id: UUID) -> str:
    return f"needs/{root_id}"


def _sealed(case: Case, name: str, codes: Iterable[str], vault: Vault) -> tuple[WrappedKey, str]:
    text = json.dumps(sorted(set(codes)))
    key, boxes = vault.seal(case.id, CARE, {name: text}, case.care_key)
    return key, boxes[name]


def _codes(
    case_id: UUID, key: WrappedKey | None, name: str, codes: SealedCodes, vault: Vault
) -> tuple[str, ...] | None:
    if not isinstance(codes, str) or key is None:
        return codes if isinstance(codes, tuple) else None
    return tuple(from_json(vault.open(case_id, CARE, key, {name: codes})[name]))
