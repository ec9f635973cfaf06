"""The pure handlers, and which command or deadline goes to which."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chassis.pure.decision import Handler
from chassis.pure.messages import Event
from chassis.pure.needs import needs
from chassis.pure.states import Kind, Need, by_id
from referral import commands, events
from referral.domain.case import Case, links
from referral.domain.country import CountrySwitch
from referral.domain.elsewhere import Elsewhere
from referral.domain.profile import Profile
from referral.handlers import (
    adopting,
    ages,
    care,
    consents,
    countries,
    deadlines,
    departing,
    destruction,
    handover,
    intake,
    journey,
    marks,
    receipts,
    referrals,
    registered,
    repeats,
    retention,
)
from referral.handlers.retention import OfCase
from referral.handlers.sharing import handing_over, look_again, part_the_profile
from vocabulary.deadlines import Decide, Ladder
from vocabulary.deadlines import followed as with_deadlines
from vocabulary.switch import id_of

KINDS: tuple[Kind[Any], ...] = (
    Kind(Case, "case_file", links),
    Kind(Profile, "profile"),
    Kind(Elsewhere, "case_elsewhere"),
    Kind(CountrySwitch, "country_status"),
)
"""In lock order."""

BY_CASE = needs(case_id=Case)
BY_CASE_OF_EVENT = needs(case_id=(Case, Elsewhere))
BY_CASE_WITH_PROFILE = needs(case_id=(Case, Profile))
WITH_PROFILE_OF_EVENT = needs(case_id=(Case, Profile, Elsewhere))


def _country(message: Any) -> Iterable[Need]:
    return (by_id(CountrySwitch, id_of(message.country)),)


def followed(decide: Decide, needed: Callable[[Any], Iterable[Need]] = BY_CASE) -> Handler:
    """For what changes a case: the deadlines that follow from it are set, cleared and told with it."""
    return OfCase(needed, with_deadlines(receipts.LADDERS, decide))


COMMANDS: Mapping[type[Any], Handler] = {
    commands.OpenCase: OfCase(BY_CASE, intake.open_case),
    commands.CorrectCase: followed(registered.correct),
    commands.VoidCase: followed(handing_over(registered.void)),
    commands.AskForCase: OfCase(BY_CASE_OF_EVENT, adopting.ask),
    commands.SetProfile: followed(handing_over(intake.set_profile), BY_CASE_WITH_PROFILE),
    commands.RequestDestruction: followed(handing_over(destruction.request), BY_CASE_WITH_PROFILE),
    commands.ConfirmDestruction: followed(handing_over(destruction.confirm)),
    commands.RejectDestruction: followed(handing_over(destruction.reject)),
    commands.GrantConsent: followed(handing_over(consents.grant_consent)),
    commands.WithdrawConsent: followed(handing_over(consents.withdraw_consent)),
    commands.HoldCase: OfCase(BY_CASE, retention.hold),
    commands.ReleaseHold: OfCase(BY_CASE, retention.release),
    commands.Refer: followed(referrals.refer),
    commands.WithdrawReferral: followed(handing_over(referrals.withdraw_referral)),
    commands.SendHandoverPackage: followed(handover.send_package),
    commands.VoidHandoverPackage: followed(handover.void_package),
    commands.PlanDeparture: followed(journey.plan),
    commands.BookDeparture: followed(journey.book),
    commands.RescheduleDeparture: followed(journey.reschedule),
    commands.CancelDeparture: followed(journey.cancel),
    commands.MissDeparture: followed(journey.miss),
    commands.ConfirmDeparture: followed(departing.confirm_departure),
    commands.CorrectDeparture: followed(departing.correct),
    commands.VoidDeparture: followed(departing.void),
    commands.DivertDeparture: followed(journey.divert),
    commands.RequestCountryStatus: Handler(_country, countries.request),
    commands.ConfirmCountryStatus: Handler(_country, countries.confirm),
    commands.RejectCountryStatus: Handler(_country, countries.reject),
}

DEADLINES: Mapping[str, Handler] = {
    deadlines.ADOPTION_REQUEST: Handler(needs(owner=Elsewhere), adopting.lapses),
    deadlines.AGE_BAND: OfCase(needs(owner=Case), ages.band_ends),
    deadlines.CASE_END: OfCase(needs(owner=Case), retention.end_untold),
    deadlines.PROFILE_DESTRUCTION: OfCase(needs(owner=(Case, Profile)), handing_over(destruction.destroy)),
    deadlines.PROFILE_KEYS_END: OfCase(needs(owner=(Case, Profile)), look_again),
    deadlines.PROFILE_KEYS_WAIT: OfCase(needs(owner=(Case, Profile)), look_again),
    deadlines.PROFILE_MARKS: Handler(needs(owner=(Case, Profile)), marks.mark_again),
    deadlines.COUNTRY_STATUS_REQUEST: Handler(needs(owner=CountrySwitch), countries.request_lapses),
    **{each.name: OfCase(needs(owner=Case), each.fires) for each in receipts.LADDERS},
}

MOVES: Mapping[str, Handler] = {each.name: OfCase(needs(owner=Case), each.moves) for each in receipts.LADDERS}

FOLLOWS: Mapping[Ladder, Handler] = {each: OfCase(needs(id=each.state), each.stored) for each in receipts.LADDERS}
"""For what was stored before there was the kind of deadline."""

REPEATS: Mapping[type[Event], Handler] = {
    events.AdoptionRequested: Handler(BY_CASE_OF_EVENT, adopting.asked_before),
    **{
        event: Handler(WITH_PROFILE_OF_EVENT, with_deadlines(receipts.LADDERS, repeats.once_here(decide)))
        for event, decide in repeats.OF_CASES.items()
    },
}
"""What a restored database must have the effect of again: of each case in the order in which it was told, and then what
the topic of the keys tells, which is read off that."""

REWRAPPING = Handler(needs(id=(Case, Profile)), marks.rewrap)
"""For data keys that an older generation has wrapped, and for what people are found by."""
SEALING = Handler(needs(id=Case), care.seal_what_lies_in_clear)
"""For cases from before their needs were sealed."""
MARKED = Handler(needs(id=(Case, Profile)), marks.mark)
"""For profiles whose hashes an earlier version has made, or none."""
PARTING = Handler(needs(id=(Case, Profile)), part_the_profile)
"""For profiles from before they had parts: whichever generation has wrapped the one key, each part gets a new one."""
