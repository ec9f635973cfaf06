"""One case as it is stored: its document and its rows of the ledger, as they were at one moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple
from uuid import UUID

from pydantic import TypeAdapter

from chassis.postgres.database import LENT_WITHIN
from chassis.postgres.documents import Documents, Where
from chassis.pure.decision import Actor, Refused
from journey.domain.journey import Journey
from journey.domain.outcome import Outcome
from journey.domain.sight import Sight
from journey.ledger import FAULT
from journey.reference import Reference
from journey.resources import asked_for, seen_of, subjects_of
from journey.views.beside import beside
from journey.views.shapes import SamePerson, Trace
from journey.views.terms import within_term
from journey.views.trace import CUT, LedgerRow, trace_of

MOST_ROWS: Final = 5000
"""Records of one case that are shown: a hundred times as many as a case has."""
ONE_SNAPSHOT: Final[dict[str, Any]] = {"isolation": "repeatable_read", "readonly": True}
_ROWS: Final = f"""
select {", ".join(LedgerRow._fields[:-1])}, {FAULT} from ledger where case_id = $1 order by told_at desc limit $2
"""  # noqa: S608 - names from the code

_journey: TypeAdapter[Journey] = TypeAdapter(Journey)
_outcome: TypeAdapter[Outcome] = TypeAdapter(Outcome)


class Stored(NamedTuple):
    """What is stored of a case. `cut`: it has more records than are shown, the oldest of which are left out. `beside`:
    the journeys of the person's other cases."""

    journey: Journey
    sight: Sight
    rows: tuple[LedgerRow, ...]
    cut: bool
    beside: tuple[Journey, ...]


async def trace(
    documents: Documents,
    text: str,
    actor: Actor,
    lists: Reference,
    now: datetime,
    about: Callable[[set[UUID]], None],
) -> Trace | Refused:
    """The trace of the case that somebody looks for by this text, as far as they may see it. `about` is told whom they
    look for, whatever comes of it."""
    id_ = asked_for(text)
    if isinstance(id_, Refused):
        return id_
    where = Where().add("(id = {} or links @> array[{}::uuid])", id_, id_)
    within_term(where, "journey.id", "journey", lists.terms, now)

    def seen(journey: Journey | None) -> Sight | Refused:
        about(subjects_of(journey, text))
        return seen_of(journey, actor, lists, now)

    found = await _stored(
        documents, where, seen, partial(within_term, id_="journey.id", kind="journey", terms=lists.terms, now=now)
    )
    if isinstance(found, Refused):
        return found
    told = await beside(documents, found.rows)
    template = lists.trace_url_template
    shown = trace_of(found.journey, found.rows, now, beside=told, sight=found.sight, url_template=template)
    persons = tuple(each for each in (_same_person(other, actor, lists, now) for other in found.beside) if each)
    about({found.journey.id, *(each.case_id for each in persons)})
    unknowns = (*shown.unknowns, CUT) if found.cut else shown.unknowns
    return shown.model_copy(update={"unknowns": unknowns, "same_person": persons})


def _same_person(journey: Journey, actor: Actor, lists: Reference, now: datetime) -> SamePerson | None:
    """Another case of the person, for who may see it by itself: that two cases are one person's opens neither."""
    sight = seen_of(journey, actor, lists, now)
    if isinstance(sight, Refused):
        return None
    stage = journey.status if sight.whole else None
    return SamePerson(case_id=journey.id, case_ref=journey.case_ref, stage=stage)


async def _stored(
    documents: Documents,
    where: Where,
    seen: Callable[[Journey | None], Sight | Refused],
    within: Callable[[Where], Where],
) -> Stored | Refused:
    """Rows are read only for who may see the case: that it is there shows in no answer, nor in how long one takes."""
    query = f"select data from journey where {where} order by id = $1 desc limit 1"  # noqa: S608 - from code
    async with documents.pool.acquire(timeout=LENT_WITHIN) as connection, connection.transaction(**ONE_SNAPSHOT):
        data = await connection.fetchval(query, *where.values)
        journey = None if data is None else _journey.validate_json(data)
        sight = seen(journey)
        if journey is None or isinstance(sight, Refused):
            assert isinstance(sight, Refused), "of nothing, nothing is seen"
            return sight
        rows = await connection.fetch(_ROWS, journey.id, MOST_ROWS + 1)
        counted = await connection.fetchval("select data from outcome where id = $1 and links <> '{}'", journey.id)
        beside = () if counted is None else _outcome.validate_json(counted).beside
        others = within(Where().add("id = any({}::uuid[])", beside))
        query = f"select data from journey where {others} order by id"  # noqa: S608 - from code
        found = await connection.fetch(query, *others.values) if beside else ()
    shown = tuple(LedgerRow(*row) for row in rows[:MOST_ROWS])
    return Stored(
        journey, sight, shown, len(rows) > MOST_ROWS, tuple(_journey.validate_json(each[0]) for each in found)
    )
