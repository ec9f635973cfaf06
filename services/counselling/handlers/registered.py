"""What a desk has registered wrongly of a person, and has told to a centre with a referral."""

from __future__ import annotations

from chassis.pure.decision import NOTHING, Context, Decision
from chassis.pure.states import States
from counselling.contracts import CaseCorrected
from counselling.domain.centre_file import CentreFile, leading
from counselling.domain.registered import PutRight
from counselling.handlers.overdue import CONTACT
from counselling.limits import contact_priority, due
from vocabulary.copying import replace
from vocabulary.countries import last_second_at


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
    after = replace(file.with_previews_right(right), put_right=right)
    same = after.vulnerability_present == file.vulnerability_present
    return Decision((after,)) if same else _contact_owed_otherwise(after, context)


def _contact_owed_otherwise(file: CentreFile, context: Context) -> Decision:
    """The first contact has the limit of a vulnerable person, or has it no more, from the same time on; also for the
    case that the one which was made turns out to be void."""
    arrival, owing = file.arrival, leading(file)
    if arrival is None or owing is None:
        return Decision((file,))
    start = arrival.contact_owed_from or last_second_at(owing.place, arrival.arrived_on)
    owed = due(context, contact_priority(file.vulnerability_present), 1, owing.place, start)
    if file.status != "arrived_not_contacted":
        return Decision((replace(file, arrival=replace(arrival, contact_due_at=owed.at)),))
    after = file.contact_owed_by(owed.at, start)
    return Decision((after,), deadlines=CONTACT.changed(None, after, context).deadlines)
