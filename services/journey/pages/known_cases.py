"""From what journey knows of cases to the pages that show it: the same answers as those of the API, laid out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from chassis.http.cursors import Cursors
from chassis.http.problems import allowed
from chassis.http.starting import started
from chassis.postgres.documents import Documents
from chassis.pure.decision import Actor
from chassis.pure.paging import USUAL, Listing, Page, Wish
from journey.pages.lanes import OWED, Moment, draw
from journey.pages.menu import CASES, LOST, STUCK
from journey.pages.models import CasePage, Choice, Due, Filter, ListPage, Outcome, Row, Step, Stuck, Waiting
from journey.pages.visits import Visit
from journey.reference import Reference
from journey.resources import AllWaits
from journey.views import cases, waits
from journey.views.lengths import span
from journey.views.shapes import Entry, Handled, Happening, Trace, WaitItem

SERVICES: Final = ("referral", "training", "counselling", "placement")
TROUBLE: Final = frozenset({"parked", "failed"})


class KnownCases:
    """Cases as journey has heard of them."""

    async def find(self, visit: Visit, text: str) -> UUID:
        """The case with this id or reference, or of the referral with this id. Raises `Problem` 404 or 422."""
        return (await self._trace(visit, text)).case_id

    async def case(self, visit: Visit, case_id: UUID) -> CasePage:
        """Raises `Problem` 404 if there is none that the visitor may see."""
        return page_of(await self._trace(visit, str(case_id)))

    async def _trace(self, visit: Visit, text: str) -> Trace:
        actor = Actor(visit.visitor.role, visit.visitor.org, visit.visitor.country)
        lists, now = reference_of(visit), now_of(visit)
        return allowed(await cases.trace(documents_of(visit), text, actor, lists, now, visit.about))

    async def stuck(self, visit: Visit, wish: Mapping[str, str]) -> ListPage:
        """What is late: a deadline is over, or the time that journey states for it."""
        now = now_of(visit)
        page = await waits.stuck(
            documents_of(visit),
            AllWaits(reference_of(visit).terms, now),
            await wish_of(visit, waits.STUCK),
            wanted=_wanted(wish),
        )
        says = "Cases that have waited for longer than a deadline allows, or than is to be expected."
        return _list(
            visit, "Stuck cases", says, STUCK.path, wish, (_stuck(each, now, each.late_at) for each in page.items), page
        )

    async def lost(self, visit: Visit, wish: Mapping[str, str]) -> ListPage:
        """People whom nobody has seen by the day that was named."""
        now = now_of(visit)
        page = await waits.lost(
            documents_of(visit),
            AllWaits(reference_of(visit).terms, now),
            await wish_of(visit, waits.LOST),
            wanted=_wanted(wish),
        )
        says = (
            "People who were referred and should have left, arrived or been spoken with by a day that was named, "
            "and of whom nobody has told it."
        )
        items = (_stuck(each, now, each.lost_at or each.late_at) for each in page.items)
        return _list(visit, "Lost people", says, LOST.path, wish, items, page)


def documents_of(visit: Visit) -> Documents:
    """For reading without locks. Raises `Problem` 503 while the service starts."""
    documents: Documents = started(visit.request, "workshop").documents
    return documents


def reference_of(visit: Visit) -> Reference:
    """The code lists, under what holds at the moment."""
    reference: Reference = started(visit.request, "workshop").reference
    return reference


def now_of(visit: Visit) -> datetime:
    """What time it is for the business."""
    now: datetime = started(visit.request, "workshop").clock.now()
    return now


async def wish_of(visit: Visit, listing: Listing) -> Wish:
    """The part of a list that the visitor asks for. Raises `Problem` 422 for a cursor that was not given for it."""
    cursors = await Cursors.of(visit.request, listing, listing.usual)
    cursor = visit.query.get("cursor")
    return Wish(listing.usual, cursors.sealed, None if cursor is None else cursors.opened(cursor), USUAL, None, False)


def following(visit: Visit, path: str, cursor: str | None) -> str:
    """The address of what follows, with all that this one was asked by: the cursor is good for nothing else."""
    if cursor is None:
        return ""
    asked = [pair for pair in visit.request.query_params.multi_items() if pair[0] != "cursor"]
    return f"{path}?{urlencode([*asked, ('cursor', cursor)])}"


def filter_of(name: str, label: str, values: Mapping[str, str], wish: Mapping[str, str]) -> Filter:
    """A filter with all of its values; what was asked for is chosen, also if it is none of them."""
    chosen = wish.get(name, "")
    known = {"": "All", **values}
    if chosen not in known:
        known[chosen] = chosen
    return Filter(name, label, tuple(Choice(value, text, value == chosen) for value, text in known.items()))


def filters_of(visit: Visit, wish: Mapping[str, str], names: Iterable[str]) -> tuple[Filter, ...]:
    """The filters of a list by their names."""
    labels = reference_of(visit).labels
    known = {
        "country": ("Country", labels["countries"]),
        "centre": ("Centre", labels["centres"]),
        "type": ("Deadline", {code: code.replace("_", " ") for code in labels["deadline_types"]}),
    }
    return tuple(filter_of(name, *known[name], wish) for name in names)


def _wanted(wish: Mapping[str, str]) -> waits.Wanted:
    return waits.Wanted(wish.get("country"), wish.get("centre"), wish.get("type"))


def _list(
    visit: Visit,
    title: str,
    says: str,
    path: str,
    wish: Mapping[str, str],
    items: Iterable[Stuck],
    page: Page[WaitItem],
) -> ListPage:
    return ListPage(
        title=title,
        says=says,
        path=path,
        filters=filters_of(visit, wish, ("country", "centre", "type")),
        items=tuple(items),
        following=following(visit, path, page.next_cursor),
        linked=visit.visitor.role in CASES,
    )


def _stuck(item: WaitItem, now: datetime, late_at: datetime) -> Stuck:
    return Stuck(
        case_id=str(item.case_id),
        reference=item.case_ref or "",
        country=item.country,
        centre=item.centre or "",
        what=item.title,
        whose=_whose(item.role, item.org),
        since=item.since,
        late=max(now - late_at, timedelta()),
        deadline=item.deadline_type or "",
    )


def _whose(role: str, org: str) -> str:
    return "the person" if role == "returnee" else f"{role.replace('_', ' ')}, {org}"


# --- one case --------------------------------------------------------------------------------------------------------


def page_of(trace: Trace) -> CasePage:
    """The page of a case, from its trace. Pure."""
    rows = tuple(_row(number, entry) for number, entry in enumerate(trace.timeline))
    deadlines = (*_owed(trace), *_met(trace))
    return CasePage(
        case_id=str(trace.case_id),
        reference=trace.case_ref or "",
        country=trace.country or "",
        now=trace.at,
        stage=trace.stage or "",
        statuses=tuple((service, tuple(_lines(trace, service))) for service in SERVICES),
        rows=rows,
        deadlines=deadlines,
        waiting=tuple(
            Waiting(each.title, _whose(each.role, each.org), each.since, each.late_at, each.dated)
            for each in trace.waiting_for
        ),
        unknown=trace.unknowns,
        drawing=draw((*SERVICES, OWED), _moments(rows, deadlines), trace.at),
        persons=tuple((str(each.case_id), each.case_ref or str(each.case_id)) for each in trace.same_person),
    )


def _owed(trace: Trace) -> Iterator[Due]:
    for number, each in enumerate(trace.deadlines):
        state = "missed" if each.level else "overdue" if each.overdue else "due"
        whose = _whose(each.owner_role, each.owner_org)
        yield Due(f"d{number}", each.deadline_type, each.due_at, whose, state, each.level)


def _met(trace: Trace) -> Iterator[Due]:
    for number, each in enumerate(trace.deadlines_met):
        whose = _whose(each.owner_role, each.owner_org)
        yield Due(f"m{number}", each.deadline_type, each.due_at, whose, "met", each.level, each.met_at)


def _lines(trace: Trace, service: str) -> Iterator[str]:
    for each in trace.parts:
        if each.service == service:
            yield f"{each.what}: {each.status}{f', {each.org}' if each.org else ''}"


def _row(number: int, entry: Entry) -> Row:
    actor = ", ".join(part for part in (entry.actor_role, entry.actor_org) if part)
    own = (Outcome("journey", f"parked here: {entry.fault}", trouble=True),) if entry.fault else ()
    return Row(
        id=f"e{number}",
        at=entry.at,
        service=_teller(entry),
        title=entry.title,
        actor=actor,
        wait=None if entry.waited_seconds is None else timedelta(seconds=entry.waited_seconds),
        outcomes=(*own, *(_outcome(each, entry.happenings) for each in entry.readers)),
        trace="" if entry.trace is None else entry.trace.url or "",
    )


def _teller(entry: Entry) -> str:
    """Who told it; of what cannot be read, whose topic it lies in."""
    return entry.service or entry.topic.split(".")[1]


def _outcome(handled: Handled, happenings: Iterable[Happening]) -> Outcome:
    says = handled.what.replace("_", " ") + (", at the latest" if handled.at_latest else "")
    says += f", attempt {handled.attempt}" if handled.attempt > 1 else ""
    return Outcome(
        handled.service,
        f"{says}: {handled.failure}" if handled.failure else says,
        handled.at,
        trouble=handled.what in TROUBLE,
        took=span(handled.seconds),
        trace="" if handled.trace is None else handled.trace.url or "",
        steps=tuple(
            Step(
                f"{each.what}, attempt {each.attempt}{f': {each.failure}' if each.failure else ''}",
                each.at,
                span(each.seconds),
            )
            for each in happenings
            if each.service == handled.service
        ),
    )


def _moments(rows: Iterable[Row], deadlines: Iterable[Due]) -> Iterator[Moment]:
    for row in rows:
        trouble = any(each.trouble for each in row.outcomes)
        yield Moment(row.service, row.at, row.title, row.id, "trouble" if trouble else "event")
    for each in deadlines:
        title = each.type.replace("_", " ")
        yield Moment(OWED, each.marked_at, f"{title}, met" if each.met_at else title, each.id, each.state)
