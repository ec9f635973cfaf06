"""What a centre owes when the consent on which it holds a referral is taken back: a new consent, or an end.

Nothing is ended by the clock (docs/domain.md: consent-lost). A consent that runs out is shown in the same way, and owes
no more: that its last day comes is known from the beginning.
"""

from __future__ import annotations

from datetime import datetime

from chassis.pure.decision import Context
from counselling.domain.centre_file import CentreFile
from counselling.domain.consent import lost_at
from counselling.domain.referral import Referral, Renewal
from counselling.limits import RENEWAL_PRIORITY, due
from vocabulary.copying import replace


def with_renewals(file: CentreFile, context: Context) -> CentreFile:
    """The file after a change of its consents."""
    for referral in file.live:
        taken_back = _taken_back(file, referral, context)
        if taken_back is None and referral.renewal is not None:
            file = file.with_referral(replace(referral, renewal=None, renewed_at=context.occurred_at))
        elif taken_back is not None and (referral.renewal is None or referral.renewal.lost_at != taken_back):
            owed = due(context, RENEWAL_PRIORITY, 1, referral.place, taken_back)
            file = file.with_referral(replace(referral, renewal=Renewal(taken_back, owed.at)))
    return file


def _taken_back(file: CentreFile, referral: Referral, context: Context) -> datetime | None:
    """When the person took back the last consent that covered the centre, if that is why none does any more."""
    lost = lost_at(file.consents, referral.centre, referral.centre_country, context.occurred_at)
    withdrawn = {each.withdrawn_at for each in file.consents}
    return lost if referral.held and lost in withdrawn else None
