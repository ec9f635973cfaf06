"""Two cases of one person: one of the centre says so, a second one confirms it, and any of them takes it back.

Nothing crosses by it: each case keeps its consents, its profile, and who may see it. So a link needs no consent of its
own, but one in each of the cases that lets the centre know the person now (docs/domain.md: same-person).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from chassis.pure.decision import NOTHING, Context, Decision, Refused
from chassis.pure.states import States
from counselling import refusals
from counselling.commands import ConfirmLink, LinkCases, RejectLink, UndoLink
from counselling.domain.centre_file import CentreFile
from counselling.domain.same_person import SamePerson
from counselling.domain.walk_in import WalkIn
from counselling.events import CasesLinked, LinkUndone
from counselling.handlers.access import by_centre, sight_in
from counselling.outcomes import LinkOutcome
from vocabulary.confirming import seconded
from vocabulary.countries import GERMANY, day_at
from vocabulary.refusals import limit_reached, unknown_code
from vocabulary.roles import DATA_PROTECTION_OFFICER
from vocabulary.seconding import Request

LAPSES_AFTER: Final = timedelta(days=7)
"""Until then a colleague has looked at both files, or somebody asks anew (docs/domain.md: same-person)."""
MOST_LINKS: Final = 20
"""Of one case, undone ones too: nobody is taken in as somebody new that often."""


def request(states: States, command: LinkCases, context: Context) -> Decision | Refused:
    """Asks for two cases to be told as one person's. Nothing changes before somebody else confirms it."""
    refused = _unknown(states, command.case_id, command.same_as, context)
    if refused is not None:
        return refused
    if context.reference.link_reasons.get(command.reason, on=day_at(GERMANY, context.now)) is None:
        return unknown_code("/reason", "link_reasons")
    chained = _chained(states, command.case_id, command.same_as)
    if any(each.centre == context.actor.org and each.stands(context.now) for each in chained):
        return refusals.LINKED
    if any(each.status == "linked" for each in chained):
        return refusals.NOT_TO_BE_LINKED
    pair = _pair(states, command.case_id, command.same_as)
    if pair is None:
        if max(len(states.linked(SamePerson, each)) for each in (command.case_id, command.same_as)) >= MOST_LINKS:
            what = "links of one case, undone ones too"
            return limit_reached(MOST_LINKS, what, "Ask the programme desk: somebody should look at this case.")
        pair = SamePerson.of(command.case_id, command.same_as, context.actor.org)
    asked = Request(command.reason, context.now, context.now + LAPSES_AFTER, command.by[0])
    return _saved(context, SamePerson(pair.id, pair.case_id, pair.same_as, pair.centre, asked))


def confirm(states: States, command: ConfirmLink, context: Context) -> Decision | Refused:
    """Another person has looked at both files as well: from now on the two cases are one person's."""
    refused = _unknown(states, command.case_id, command.same_as, context)
    if refused is not None:
        return refused
    found = _asked(states, command, context)
    if isinstance(found, Refused):
        return found
    pair, wanted = found
    if any(each.status == "linked" for each in _chained(states, pair.case_id, pair.same_as)):
        return refusals.NOT_TO_BE_LINKED
    file = states.get(CentreFile, pair.case_id)
    assert file is not None, "known: looked at above"
    assert file.walked_in is not None, "opened here"
    event = CasesLinked(**by_centre(file, file.walked_in), same_as=pair.same_as, reason=wanted.reason)
    return _saved(context, pair.linked(context.now), event)


def reject(states: States, command: RejectLink, context: Context) -> Decision | Refused:
    """Another person finds that they are two people, or is not sure."""
    if refused := _not_here(states, command.case_id, context):
        return refused
    found = _asked(states, command, context)
    return found if isinstance(found, Refused) else _saved(context, found[0].apart())


def undo(states: States, command: UndoLink, context: Context) -> Decision | Refused:
    """It was an error. One person is enough, and no consent is asked for: a wrong link must not stay."""
    officer = context.actor.role == DATA_PROTECTION_OFFICER
    if not officer and (refused := _not_here(states, command.case_id, context)):
        return refused
    pair, file = _pair(states, command.case_id, command.same_as), states.get(CentreFile, command.case_id)
    if file is None or file.walked_in is None or pair is None or pair.status != "linked":
        return refusals.NOT_LINKED
    if context.reference.correction_reasons.get(command.reason, on=day_at(GERMANY, context.now)) is None:
        return unknown_code("/reason", "correction_reasons")
    event = LinkUndone(**by_centre(file, file.walked_in), same_as=pair.same_as, reason=command.reason)
    return _saved(context, pair.apart(), event)


def told_linked(states: States, event: CasesLinked, context: Context) -> Decision:
    """A restored database has forgotten the link."""
    if states.get(CentreFile, event.case_id) is None:
        return NOTHING
    pair = _pair(states, event.case_id, event.same_as) or SamePerson.of(event.case_id, event.same_as, event.centre)
    return NOTHING if pair.status == "linked" else Decision((pair.linked(context.occurred_at),))


def told_undone(states: States, event: LinkUndone, _context: Context) -> Decision:
    """A restored database has forgotten that the link was an error."""
    pair = _pair(states, event.case_id, event.same_as)
    return NOTHING if pair is None or pair.status == "apart" else Decision((pair.apart(),))


def _unknown(states: States, case_id: UUID, same_as: UUID, context: Context) -> Refused | None:
    """Why the actor's centre cannot say of these two that they are one person: it must have taken the one in, and a
    consent must let it know all of both now."""
    if refused := _not_here(states, case_id, context):
        return refused
    file, other = states.get(CentreFile, case_id), states.get(CentreFile, same_as)
    assert file is not None, "taken in here"
    if sight_in(file, context) != "whole":
        return refusals.CONSENT_GONE
    if case_id == same_as or other is None or sight_in(other, context) != "whole":
        return refusals.OTHER_CASE_NOT_KNOWN
    return None


def _not_here(states: States, case_id: UUID, context: Context) -> Refused | None:
    """Why the case is none that the actor's centre has opened."""
    file, walk_in = states.get(CentreFile, case_id), states.get(WalkIn, case_id)
    if file is None or file.status == "unknown":
        return refusals.FILE_NOT_FOUND
    if walk_in is not None and walk_in.centre == context.actor.org:
        return None
    return refusals.NOT_OPENED_HERE if file.taken_on_by(context.actor.org) else refusals.OTHER_ORGANISATION


def _chained(states: States, case_id: UUID, same_as: UUID) -> list[SamePerson]:
    """Pairs of which a link of these two would make a chain, of any centre: what another one has but asked for bars
    nobody, and is looked at again when it is confirmed. The other case may be told to be the same as several: a person
    may have walked in at more than one centre."""
    of_case, of_other = states.linked(SamePerson, case_id), states.linked(SamePerson, same_as)
    return [*of_case, *(each for each in of_other if each.case_id == same_as)]


def _pair(states: States, case_id: UUID, same_as: UUID) -> SamePerson | None:
    return states.get(SamePerson, SamePerson.of(case_id, same_as, "").id)


def _asked(states: States, command: ConfirmLink | RejectLink, context: Context) -> tuple[SamePerson, Request] | Refused:
    """The pair, and what somebody else of the centre has asked for."""
    pair = _pair(states, command.case_id, command.same_as)
    request = None if pair is None else pair.request
    nothing, same_person = refusals.NO_LINK_ASKED, refusals.SAME_PERSON_LINKS
    wanted = seconded(request, command.by, context.now, nothing=nothing, same_person=same_person)
    if isinstance(wanted, Refused):
        return wanted
    assert pair is not None, "it has a request"
    return pair, wanted


def _saved(context: Context, pair: SamePerson, *events: CasesLinked | LinkUndone) -> Decision:
    return Decision((pair,), events, answer=LinkOutcome.of(pair, context.now))
