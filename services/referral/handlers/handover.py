"""What the desk hands over to a centre before the departure, recorded as codes of what it is.

The chain breaks at the hand-over where a centre learns too little, or too late. So a package is whole or none: it names
all that every package has. None of the codes tells of health: that something of it was said, or that there is nothing,
is one item of all packages.
"""

from __future__ import annotations

from chassis.pure.decision import Context, Decision, Refused
from chassis.pure.states import States
from referral import refusals
from referral.answers import HandoverOutcome, HandoverVoided
from referral.commands import SendHandoverPackage, VoidHandoverPackage
from referral.domain.consent import REFERRAL_PURPOSE
from referral.domain.handover import MOST_VOIDED, Package, VoidPackage
from referral.domain.receiver import Receiver
from referral.events import HandoverPackageSent, HandoverPackageVoided
from referral.handlers.desk import own_act, own_case
from vocabulary.copying import replace
from vocabulary.countries import GERMANY, day_at
from vocabulary.refusals import limit_reached, unknown_code, wrong_state


def send_package(states: States, command: SendHandoverPackage, context: Context) -> Decision | Refused:
    """Handed over to the centre that has taken the person on, until they have arrived; once more, in place of what was
    handed over before."""
    case = own_case(states, command.case_id, context.actor)
    if isinstance(case, Refused):
        return case
    referral = case.referral(command.referral_id)
    if referral is None:
        return refusals.REFERRAL_NOT_FOUND
    if referral.status != "accepted":
        return wrong_state("referral", referral.status, "accepted")
    centre = Receiver(referral.to_centre, referral.centre_country, REFERRAL_PURPOSE)
    if case.known_until(centre, context.now) is None:
        return refusals.CONSENT_MISSING_TO_HAND_OVER
    items = context.reference.handover_items.on(day_at(GERMANY, context.now))
    known = {each.code: each.required for each in items}
    for index, code in enumerate(command.items):
        if code not in known:
            return unknown_code(f"/items/{index}", "handover_items")
    missing = {code for code, required in known.items() if required} - set(command.items)
    if missing:
        return refusals.handover_incomplete(*missing)
    package = Package(context.now, tuple(sorted(set(command.items))))
    handed_over = replace(referral, duties=replace(referral.duties, package=package))
    after = own_act(
        case.with_referral(handed_over), context.now, "HandoverPackageSent", referral.id, referral.to_centre
    )
    event = HandoverPackageSent(
        case_id=case.id,
        referral_id=referral.id,
        to_centre=referral.to_centre,
        country=referral.country,
        items=package.items,
    )
    answer = HandoverOutcome(
        case_id=case.id,
        referral_id=referral.id,
        to_centre=referral.to_centre,
        items=package.items,
        sent_at=package.sent_at,
    )
    return Decision((after,), (event,), answer=answer)


def void_package(states: States, command: VoidHandoverPackage, context: Context) -> Decision | Refused:
    """It was not handed over, or not like that: what is right is recorded as another package, and is owed until then.

    Nothing of the promise hangs on it: one person of the desk says so (docs/domain.md: voided).
    """
    case = own_case(states, command.case_id, context.actor)
    if isinstance(case, Refused):
        return case
    referral = case.referral(command.referral_id)
    if referral is None:
        return refusals.REFERRAL_NOT_FOUND
    duties = referral.duties
    if duties.package is None:
        return refusals.NO_PACKAGE
    if context.reference.correction_reasons.get(command.reason, on=day_at(GERMANY, context.now)) is None:
        return unknown_code("/reason", "correction_reasons")
    if len(duties.void_packages) >= MOST_VOIDED:
        return limit_reached(MOST_VOIDED, "void packages", "Ask the programme desk: somebody should look at this case.")
    kept = VoidPackage(duties.package, command.reason, context.now)
    duties = replace(duties, package=None, void_packages=(*duties.void_packages, kept))
    after = case.with_referral(replace(referral, duties=duties))
    after = own_act(after, context.now, "HandoverPackageVoided", referral.id, command.reason)
    event = HandoverPackageVoided(
        case_id=case.id,
        referral_id=referral.id,
        to_centre=referral.to_centre,
        country=referral.country,
        reported_at=kept.package.sent_at,
        reason=command.reason,
    )
    answer = HandoverVoided(
        case_id=case.id,
        referral_id=referral.id,
        to_centre=referral.to_centre,
        reason=command.reason,
        voided_at=context.now,
    )
    return Decision((after,), (event,), answer=answer)
