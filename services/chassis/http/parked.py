"""Parked records over HTTP: what an operator looks at and decides, without a way into the database.

The rules are those of `operators.parked`, behind these routes and behind `ph parked` alike. Shown is the envelope and
nothing that a record holds beside it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Annotated, Literal, Self, TypeAlias

from fastapi import Path, Query
from pydantic import BaseModel, Field, StrictBool, StrictInt, StringConstraints, model_validator
from starlette.responses import Response

from chassis.http.answering import answers, json_response
from chassis.http.api import Do, Doer, Reading, acting_as, took_effect
from chassis.http.paging import paged
from chassis.http.problems import Problem
from chassis.http.routes import new_router
from chassis.operators import parked
from chassis.operators.parked import (
    LISTING,
    MOST,
    REASON_LENGTHS,
    WHO,
    Chosen,
    Decided,
    Envelope,
    Filter,
    Outcome,
    ParkedRow,
)
from chassis.operators.parked_display import remedy
from chassis.postgres.database import LENT_WITHIN, Connection
from chassis.pure.answers import Answer
from chassis.pure.bodies import body
from chassis.pure.decision import Actor, Refused
from chassis.pure.paging import Page, Wish
from chassis.telemetry.logs import get_logger

OPERATOR = "operator"
"""The role of tokens whose people keep the services running."""
BIGGEST_ID = 2**63 - 1

Operator = Annotated[Actor, acting_as(OPERATOR)]
State = Literal["parked", "retry", "discarded"]
ParkedId = Annotated[int, Path(ge=1, le=BIGGEST_ID, description="number of the record, as listed")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Ticket = Annotated[str, Field(pattern=WHO, description="such as INC-4711, never a person's name")]
Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=REASON_LENGTHS[0], max_length=REASON_LENGTHS[-1]),
    Field(description="kept as audit; no personal data"),
]
ONE_OF_THEM = "name the records: by parked_ids, or by at least one of topic, key, type and failure"

router = new_router(prefix="/operations/parked", tags=["operations"])
log = get_logger(__name__)
Told: TypeAlias = Literal["parked_retried", "parked_discarded"]
"""What the log says of a decision."""


class ParkedRecord(Answer):
    """A record that could not be handled. `waiting` counts the records of its key that are queued behind it."""

    parked_id: int
    topic: str
    partition: int
    record_offset: int
    key: str | None = Field(description="as long as it is a short token; of any other text only the length")
    type: str | None = Field(description="the same")
    sequence: int | None
    failure: str
    detail: str
    attempts: int
    state: State
    parked_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None
    blocks: bool = Field(description="its key waits for it")
    head: bool = Field(description="first of its key, or without a key: it is what holds up the others")
    waiting: int

    @classmethod
    def of(cls, row: ParkedRow, **more: object) -> Self:
        """What may be shown of it; `more` is what a subclass adds."""
        facts = {name: getattr(row, name) for name in ParkedRecord.model_fields if name != "parked_id"}
        return cls.model_validate({**facts, "parked_id": row.id, **more})


class EnvelopeHeader(Answer):
    """A header; of one that is not of the envelope only the length of its value."""

    name: str
    value: str


class ParkedDetail(ParkedRecord):
    """A parked record with what to do about it. `payload_bytes` is all that is told of its value."""

    remedy: str
    headers: tuple[EnvelopeHeader, ...]
    payload_bytes: int

    @classmethod
    def with_envelope(cls, row: ParkedRow, envelope: Envelope) -> Self:
        """What may be shown of it."""
        headers = [{"name": name, "value": value} for name, value in envelope.headers]
        return cls.of(row, remedy=remedy(row.failure), headers=headers, payload_bytes=envelope.payload_bytes)


class ParkedDecision(Answer):
    """What a decision did to one record, and if nothing, why."""

    parked_id: int
    changed: bool
    what: str

    @classmethod
    def of(cls, outcome: Outcome) -> Self:
        """From the outcome."""
        return cls(parked_id=outcome.id, changed=outcome.changed, what=outcome.what)


class ParkedDecisions(Answer):
    """What a decision did to each record that it was about; empty if nothing matched."""

    items: tuple[ParkedDecision, ...]
    left: int = Field(
        description=f"how many more records match: one request decides on {MOST}, another one takes the next"
    )


class Retry(BaseModel):
    """The record is to be handled again."""

    model_config = body(ticket="INC-4711")

    ticket: Ticket | None = None


class Discard(Retry):
    """The record is to have no effect here."""

    model_config = body(ticket="INC-4711", reason="sent by a test tool")

    reason: Reason


class _Many(BaseModel):
    parked_ids: list[Annotated[StrictInt, Field(ge=1, le=BIGGEST_ID)]] | None = Field(
        default=None, min_length=1, max_length=MOST
    )
    topic: Text | None = None
    key: Text | None = None
    type: Text | None = None
    failure: Text | None = None

    @property
    def filter(self) -> Filter:
        """What else than their numbers tells the records."""
        return Filter(topic=self.topic, key=self.key, failure=self.failure, type=self.type)

    @property
    def chosen(self) -> Chosen:
        """The records: by number, or the first of each key that matches."""
        return self.filter if self.parked_ids is None else self.parked_ids

    @property
    def ways(self) -> int:
        """In how many ways it says which records are meant."""
        return (self.parked_ids is not None) + (self.filter != parked.EVERYTHING)


class Retries(_Many, Retry):
    """Records to be handled again: by number, or the first one of each key that matches."""

    model_config = body(failure="database_refused", ticket="INC-4711")

    everything: StrictBool = Field(default=False, description="the first record of every key; instead of a filter")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.ways + self.everything != 1:
            raise ValueError(f"{ONE_OF_THEM}, or everything")
        return self


class Discards(_Many, Discard):
    """Records to have no effect here: by number, or the first one of each key that matches."""

    model_config = body(topic="ph.till.v1", failure="json_invalid", ticket="INC-4711", reason="sent by a test tool")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.ways != 1:
            raise ValueError(ONE_OF_THEM)
        return self


@router.get("", **answers(Page[ParkedRecord], 403))
async def list_parked(
    _operator: Operator,
    reading: Reading,
    wish: Annotated[Wish, paged(LISTING)],
    *,
    topic: Annotated[Text | None, Query()] = None,
    key: Annotated[Text | None, Query()] = None,
    type: Annotated[Text | None, Query()] = None,  # noqa: A002 - the parameter's name
    failure: Annotated[Text | None, Query()] = None,
    state: Annotated[State | None, Query(description="open ones, unless `discarded` is asked for, as audit")] = None,
    behind: Annotated[bool, Query(description="also those that only wait behind others")] = False,
) -> Response:
    """Records that could not be handled; those that only wait behind them are counted, and listed if asked for."""
    chosen = Filter(topic=topic, key=key, failure=failure, type=type)
    where = parked.listed(chosen, state=state, behind=behind)
    return json_response(await reading.page(LISTING, where, wish, lambda row: ParkedRecord.of(parked.described(row))))


@router.get("/{parked_id}", **answers(ParkedDetail, 403, 404))
async def read_parked(parked_id: ParkedId, _operator: Operator, reading: Reading) -> Response:
    """One record: why it is parked, what to do, its envelope, and how many wait behind it. Never what it holds.

    `GET /operations/parked?key=...&behind=true` lists those that wait.
    """
    async with reading.pool.acquire(timeout=LENT_WITHIN) as connection:
        found = await parked.show(connection, parked_id)
    if found is None:
        raise Problem.of(_GONE)
    return json_response(ParkedDetail.with_envelope(*found))


@router.post("/many/retry", **answers(ParkedDecisions, 403))
async def retry_many_parked(body: Retries, operator: Operator, do: Doer) -> Response:
    """Has the worker handle many records again: those that are named, or the first of each key that matches.

    By what they match, 1,000 at once; `left` says how many more there are.
    """
    return await _decided_on_many(do, operator, "parked_retried", _retrying(body.chosen, operator, body))


@router.post("/many/discard", **answers(ParkedDecisions, 403))
async def discard_many_parked(body: Discards, operator: Operator, do: Doer) -> Response:
    """Drops many records for good: those that are named, or the first of each key that matches.

    By what they match, 1,000 at once; `left` says how many more there are.
    """
    return await _decided_on_many(do, operator, "parked_discarded", _discarding(body.chosen, operator, body))


@router.post("/{parked_id}/retry", **answers(ParkedDecision, 403, 404, 409))
async def retry_parked(parked_id: ParkedId, body: Retry, operator: Operator, do: Doer) -> Response:
    """Has the worker handle the record again, within a second or so."""
    return await _decided_on_one(do, operator, "parked_retried", _retrying([parked_id], operator, body))


@router.post("/{parked_id}/discard", **answers(ParkedDecision, 403, 404, 409))
async def discard_parked(parked_id: ParkedId, body: Discard, operator: Operator, do: Doer) -> Response:
    """Drops the record for good; later ones of its key go on. It stays as audit, with who, when and why."""
    return await _decided_on_one(do, operator, "parked_discarded", _discarding([parked_id], operator, body))


Decide = Callable[[Connection], Awaitable[Decided]]

_GONE = Refused(
    code="parked_not_found",
    detail="There is no parked record with this number.",
    remedy="It was handled in the meantime, or belongs to another service: see GET /operations/parked.",
    status=404,
)


def _retrying(chosen: Chosen, operator: Actor, body: Retry) -> Decide:
    return lambda connection: parked.retry(connection, chosen, _by(operator, body.ticket))


def _discarding(chosen: Chosen, operator: Actor, body: Discard) -> Decide:
    return lambda connection: parked.discard(connection, chosen, _by(operator, body.ticket), body.reason)


def _by(operator: Actor, ticket: str | None) -> str:
    """Who decides, as it stands in the record: role and organisation, and the ticket if there is one."""
    return " ".join(filter(None, (f"{operator.role}/{operator.org}", ticket)))


async def _decided_on_one(do: Do, operator: Actor, event: Told, decide: Decide) -> Response:
    async def work(connection: Connection) -> ParkedDecision | Refused:
        [outcome] = (await decide(connection)).outcomes
        if outcome.row is None:
            return _GONE
        if not outcome.changed:
            return Refused(
                code="record_decided", detail=f"The record {outcome.what}.", remedy="Read the record and decide anew."
            )
        changed[:] = [outcome]
        return ParkedDecision.of(outcome)

    changed: list[Outcome] = []
    return _audited(await do(event, work), event, operator, changed)


async def _decided_on_many(do: Do, operator: Actor, event: Told, decide: Decide) -> Response:
    async def work(connection: Connection) -> ParkedDecisions:
        outcomes, left = await decide(connection)
        changed[:] = [outcome for outcome in outcomes if outcome.changed]
        return ParkedDecisions(items=tuple(ParkedDecision.of(outcome) for outcome in outcomes), left=left)

    changed: list[Outcome] = []
    return _audited(await do(event, work), event, operator, changed)


def _audited(answer: Response, event: Told, operator: Actor, changed: Iterable[Outcome]) -> Response:
    """A line in the log for every record that was decided on: a record that is handled after all leaves no row."""
    if took_effect(answer):
        for outcome in changed:
            log.info(event, parked_id=outcome.id, role=operator.role, owner=operator.org)
    return answer
