"""How long a case lasts: when nothing is open any more, and when the last was done for the person.

A referral that is open keeps it going, and so does a departure that lies ahead; and a seat at a provider, a way into a
vacancy, an offer, as long as a consent lets their organisation know the person: so nobody's records end while somebody
works for them, and no key is open once they do. Who may know nobody any more keeps no case: what a provider or a desk
forgets to end ends with the consent. A death ends a case whatever else is open; and a case that is
none has ended once its desk has said so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from referral.domain.case import Case
from referral.domain.journey import AHEAD, BEGUN
from referral.domain.receiver import Engagement
from referral.domain.referral import CARED_FOR
from vocabulary.terms import EndReference


def end_of(case: Case, now: datetime) -> tuple[EndReference, datetime] | None:
    """When the last was done for the person; None while the case goes on, and if nobody was asked,
    unless the case is void."""
    if not case.over and (_asked_for(case) or _engaged_until(case, now) is not None):
        return None
    closed = [each.closed_at for each in case.referrals if each.ends_case or not case.over]
    at = max((each for each in (*closed, case.void_at) if each is not None), default=None)
    if at is None:
        return None
    supported = case.employed or any(each.status in CARED_FOR for each in case.referrals)
    reference: EndReference = (
        "case_ended" if supported or case.journey.status in BEGUN else "case_ended_before_departure"
    )
    return reference, at if case.over else max(at, *_acts(case, now))


def kept_until(case: Case, now: datetime) -> datetime | None:
    """Until when a seat, or a way into a vacancy, is all that keeps the case from its end; None: it is not so."""
    if case.over or _asked_for(case) or not case.referrals:
        return None
    return _engaged_until(case, now)


def _asked_for(case: Case) -> bool:
    return any(each.open for each in case.referrals) or case.journey.status in AHEAD


def _engaged_until(case: Case, now: datetime) -> datetime | None:
    """Until when a provider or a placement desk may know the person that has to do with them; None: none has."""
    ends = (_allowed_until(case, each) for each in case.engagements if not each.over)
    return max((each for each in ends if each is not None and each > now), default=None)


def _allowed_until(case: Case, engagement: Engagement) -> datetime | None:
    """When the last consent ended, or ends, by which its organisation knows the person."""
    if engagement.by is None:
        return None
    whom = engagement.by.purpose, engagement.by.org, engagement.by.country
    given = (each for each in case.consents if each.names(*whom))
    return max((each.withdrawn_at or each.expires_at for each in given), default=None)


def _acts(case: Case, now: datetime) -> Iterator[datetime]:
    """What was done for the person beside referrals. A consent counts until it is taken back, a seat and a way into a
    vacancy to their end, or as long as a consent has carried them."""
    yield case.opened_at
    yield from (each.begins_at for each in case.consents if each.withdrawn_at is None)
    yield from (each for each in (case.journey.told_at, case.profile_set_at) if each is not None)
    for engagement in case.engagements:
        at = engagement.over_at if engagement.over else _allowed_until(case, engagement)
        if engagement.by is not None and at is not None and (engagement.over or at <= now):
            yield at
