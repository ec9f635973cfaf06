"""What a desk has registered wrongly of a person, and has told to a centre with a referral."""

from __future__ import annotations

from chassis.pure.decision import NOTHING, Context, Decision
from chassis.pure.states import States
from counselling.contracts import CaseCorrected
from counselling.domain.centre_file import CentreFile
from counselling.domain.registered import PutRight
from vocabulary.copying import replace


def case_corrected(states: States, event: CaseCorrected, context: Context) -> Decision:
    """Every preview from before shows what is right, and what is owed is owed as if that had been told at once."""
    told = event.referred
    if told is None:
        return NOTHING
    file = states.get(CentreFile, event.case_id) or CentreFile(event.case_id)
    right = PutRight(
        at=context.occurred_at,
        country=event.country,
        language=event.language,
        return_type=event.return_type,
        admin1=told.admin1,
        household_size=told.household_size,
        vulnerability_present=told.vulnerability_present,
    )
    if file.put_right is not None and right.at < file.put_right.at:
        return NOTHING
    return Decision((replace(file.with_previews_right(right), put_right=right),))
