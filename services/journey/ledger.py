"""The ledger: a row per record that was read, with its envelope and what became of it. It never holds a body.

It is written in the transaction that handles the record (`chassis.pure.noting`), and is deleted and rebuilt with it.
"""

from __future__ import annotations

from typing import Final

from chassis.pure.noting import Noted, Notes
from chassis.pure.paging import Listing, Order
from journey import contracts
from vocabulary.roles import KINDS_OF, ORG_KINDS

TYPES: Final = frozenset(each.type for each in contracts.ALL)
ROLES: Final = frozenset((*KINDS_OF, "system"))
UNKNOWN: Final = "unknown"

COLUMNS: Final = (
    "topic text",
    "partition int",
    "record_offset bigint",
    "mark bytea",
    "key text",
    "case_id uuid",
    "type text",
    "source text",
    "sequence bigint",
    "event_id uuid",
    "causation_id uuid",
    "occurred_at timestamptz",
    "recorded_at timestamptz",
    "published_at timestamptz",
    "trace_id text",
    "actor_role text",
    "actor_org text",
    "verdict text",
    "fault text",
)
_NAMES: Final = ", ".join(column.split()[0] for column in COLUMNS)
_VALUES: Final = ", ".join(f"u.{column.split()[0]}" for column in COLUMNS)


def _row(noted: Noted) -> tuple[object, ...]:
    """Of the words that somebody else has written only those that are known: a header may say anything."""
    known = noted.type in TYPES
    role = noted.actor_role if noted.actor_role in ROLES else None
    org = noted.actor_org if noted.actor_org and noted.actor_org.partition(":")[0] in ORG_KINDS else None
    return (
        noted.topic,
        noted.partition,
        noted.offset,
        noted.mark,
        noted.key,
        noted.subject,
        noted.type if known else None,
        noted.source if known else None,
        noted.sequence,
        noted.id,
        noted.causation_id,
        noted.occurred_at,
        noted.recorded_at,
        noted.published_at,
        noted.trace_id,
        role,
        org,
        noted.verdict if known else UNKNOWN,
        noted.fault,
    )


NOTES: Final = Notes(
    columns=COLUMNS,
    row=_row,
    read=f"insert into ledger ({_NAMES}) select {_VALUES} from {{rows}} "  # noqa: S608 - names from above
    "on conflict (topic, partition, record_offset, mark) do nothing returning true",
    settled="update ledger set fault = u.fault, case_id = coalesce(ledger.case_id, u.case_id) from {rows} "
    "where (ledger.topic, ledger.partition, ledger.record_offset) = (u.topic, u.partition, u.record_offset) "
    "and ledger.mark = u.mark and not ledger.coarsened returning true",
)
"""What its number said when a record was read stays; what stood in its way goes when it is settled."""

FAULT: Final = """
case when fault is not null and exists (
    select from parked as p
    where p.topic = ledger.topic and p.digest between ledger.mark and ledger.mark || decode(repeat('ff', 24), 'hex')
        and p.partition = ledger.partition and p.record_offset = ledger.record_offset and p.state <> 'discarded'
) then fault end as fault
"""
"""Why it is parked, as long as it is: an operator may have discarded it, or it came twice and is parked once."""

ENVELOPES: Final = Listing(
    source="ledger",
    id="md5(concat_ws(':', topic, partition, record_offset, encode(mark, 'hex')))::uuid",
    columns=f"{_NAMES.removesuffix('fault')}{FAULT}, received_at",
    updated_at="received_at",
    orders={"told_at": Order("told_at", "timestamptz")},
    usual="told_at",
)
"""In the order in which the events were recorded by whoever told them."""
