"""The pure handlers, and which command goes to which."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chassis.pure.decision import Handler
from chassis.pure.states import Kind, Need, by_id
from referral import commands
from referral.domain.case import Case, links
from referral.domain.country import CountryStatus
from referral.domain.profile import Profile
from referral.handlers import care, consents, countries, intake, journey, receipts, referrals
from vocabulary.switch import id_of

KINDS: tuple[Kind[Any], ...] = (
    Kind(Case, "case_file", links),
    Kind(Profile, "profile"),
    Kind(CountryStatus, "country_status"),
)
"""In lock order."""


def for_case(decide: Callable[..., Any], *more: type[Any]) -> Handler:
    """A handler that needs the message's case, and other documents with the same id."""

    def needs(message: Any) -> Iterable[Need]:
        return [by_id(Case, message.case_id), *(by_id(state, message.case_id) for state in more)]

    return Handler(needs, decide)


def for_country(decide: Callable[..., Any]) -> Handler:
    """A handler that needs the switch of the message's country."""
    return Handler(lambda message: (by_id(CountryStatus, id_of(message.country)),), decide)


DEADLINES: Mapping[str, Handler] = {
    receipts.REFERRAL_RECEIPT: Handler(lambda due: (by_id(Case, due.owner),), receipts.receipt_missed),
    countries.COUNTRY_STATUS_REQUEST: Handler(lambda due: (by_id(CountryStatus, due.owner),), countries.request_lapses),
}

MOVES: Mapping[str, Handler] = {
    receipts.REFERRAL_RECEIPT: Handler(lambda move: (by_id(Case, move.owner),), receipts.receipt_moved),
}

COMMANDS: Mapping[type[Any], Handler] = {
    commands.OpenCase: for_case(intake.open_case),
    commands.SetProfile: for_case(intake.set_profile, Profile),
    commands.DestroyProfile: for_case(intake.destroy_profile, Profile),
    commands.GrantConsent: for_case(consents.grant_consent),
    commands.WithdrawConsent: for_case(consents.withdraw_consent),
    commands.Refer: for_case(referrals.refer),
    commands.WithdrawReferral: for_case(referrals.withdraw_referral),
    commands.PlanDeparture: for_case(journey.plan),
    commands.BookDeparture: for_case(journey.book),
    commands.RescheduleDeparture: for_case(journey.reschedule),
    commands.CancelDeparture: for_case(journey.cancel),
    commands.ConfirmDeparture: for_case(journey.confirm_departure),
    commands.RequestCountryStatus: for_country(countries.request),
    commands.ConfirmCountryStatus: for_country(countries.confirm),
    commands.RejectCountryStatus: for_country(countries.reject),
}

SEALING = Handler(lambda message: (by_id(Case, message.id),), care.seal_what_lies_in_clear)
"""For cases from before their needs were sealed."""
