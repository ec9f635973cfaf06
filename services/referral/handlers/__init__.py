"""The pure handlers, and which command or deadline goes to which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chassis.pure.decision import Handler
from chassis.pure.needs import needs
from chassis.pure.states import Kind, Need, by_id
from referral import commands
from referral.domain.case import Case, links
from referral.domain.country import CountrySwitch
from referral.domain.profile import Profile
from referral.handlers import ages, care, consents, countries, deadlines, intake, journey, receipts, referrals
from referral.handlers.sharing import handing_over, part_the_profile
from vocabulary.switch import id_of

KINDS: tuple[Kind[Any], ...] = (
    Kind(Case, "case_file", links),
    Kind(Profile, "profile"),
    Kind(CountrySwitch, "country_status"),
)
"""In lock order."""

BY_CASE = needs(case_id=Case)
BY_CASE_WITH_PROFILE = needs(case_id=(Case, Profile))


def _country(message: Any) -> Iterable[Need]:
    return (by_id(CountrySwitch, id_of(message.country)),)


COMMANDS: Mapping[type[Any], Handler] = {
    commands.OpenCase: Handler(BY_CASE, intake.open_case),
    commands.SetProfile: Handler(BY_CASE_WITH_PROFILE, handing_over(intake.set_profile)),
    commands.DestroyProfile: Handler(BY_CASE_WITH_PROFILE, handing_over(intake.destroy_profile)),
    commands.GrantConsent: Handler(BY_CASE, handing_over(consents.grant_consent)),
    commands.WithdrawConsent: Handler(BY_CASE, handing_over(consents.withdraw_consent)),
    commands.Refer: Handler(BY_CASE, referrals.refer),
    commands.WithdrawReferral: Handler(BY_CASE, handing_over(referrals.withdraw_referral)),
    commands.PlanDeparture: Handler(BY_CASE, journey.plan),
    commands.BookDeparture: Handler(BY_CASE, journey.book),
    commands.RescheduleDeparture: Handler(BY_CASE, journey.reschedule),
    commands.CancelDeparture: Handler(BY_CASE, journey.cancel),
    commands.MissDeparture: Handler(BY_CASE, journey.miss),
    commands.ConfirmDeparture: Handler(BY_CASE, journey.confirm_departure),
    commands.DivertDeparture: Handler(BY_CASE, journey.divert),
    commands.RequestCountryStatus: Handler(_country, countries.request),
    commands.ConfirmCountryStatus: Handler(_country, countries.confirm),
    commands.RejectCountryStatus: Handler(_country, countries.reject),
}

DEADLINES: Mapping[str, Handler] = {
    deadlines.AGE_BAND: Handler(needs(owner=Case), ages.band_ends),
    deadlines.REFERRAL_RECEIPT: Handler(needs(owner=Case), receipts.receipt_missed),
    deadlines.COUNTRY_STATUS_REQUEST: Handler(needs(owner=CountrySwitch), countries.request_lapses),
}

MOVES: Mapping[str, Handler] = {
    deadlines.REFERRAL_RECEIPT: Handler(needs(owner=Case), receipts.receipt_moved),
}

SEALING = Handler(needs(id=Case), care.seal_what_lies_in_clear)
"""For cases from before their needs were sealed."""
PARTING = Handler(needs(id=(Case, Profile)), part_the_profile)
"""For profiles from before they had parts."""
