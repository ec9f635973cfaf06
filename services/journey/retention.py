"""What this service keeps of a case, and how it is found: the kinds of its rules in `retention.v1.csv`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from chassis.pure.decision import Handler
from chassis.pure.needs import Linked, needs
from chassis.pure.retention import Clock, Kept, Swept, by_clock
from journey.domain.journey import Journey
from journey.domain.outcome import Outcome
from journey.handlers import retention
from vocabulary.retention import CLOCK, ENDS

COARSE: Final = """
    coarsened = true, case_id = null, key = null, event_id = null, causation_id = null, trace_id = null,
    sequence = null, actor_org = null,
    occurred_at = date_trunc('month', occurred_at, 'UTC'), recorded_at = date_trunc('month', recorded_at, 'UTC'),
    published_at = date_trunc('month', published_at, 'UTC'), received_at = date_trunc('month', received_at, 'UTC')
"""
"""What is left of a record: its place, its type, the role of who told it, what its number said, and the month."""
_OF_CASE: Final = "(l.case_id = {0}.id or (l.case_id is null and l.key = {0}.id::text))"
"""Also what stands under the key of a case and could not be read, or is of a type that was not known."""


def _swept(kind: str, table: str, told: str, condition: str = "true") -> Swept:
    """What is erased at its term, counted from when it was told: a rebuild does not prolong it."""
    return Swept(
        kind,
        frozenset({"told"}),
        "erased",
        f"select null::uuid as subject, 'told' as reference, {told} as since, '{{}}'::text[] as holds "  # noqa: S608
        f"from {table} where {condition}",
        f"delete from {table} where {condition} and {told} < clock_timestamp() - $1::text::interval",  # noqa: S608
    )


KEEPS: Sequence[Kept | Swept] = (
    Kept(
        "ledger",
        ENDS,
        "anonymised",
        by_clock(f"exists (select from ledger as l where {_OF_CASE.format('c')})"),
        Handler(needs(id=Clock), retention.ledger_over),
        rows=f"update ledger as l set {COARSE} from {{rows}} where {_OF_CASE.format('u')} returning true",  # noqa: S608
    ),
    _swept("ledger_of_no_case", "ledger", "told_at", "case_id is null and not coarsened"),
    _swept("ledger_of_reports", "ledger", "told_at", "case_id is null and type like '%.ProgressReported.v1'"),
    _swept("handled", "handled", "told_on"),
    _swept("mishap", "mishap", "told_on"),
    Kept(
        "journey",
        ENDS,
        "erased",
        by_clock("exists (select from journey as j where j.id = c.id)"),
        Handler(needs(id=(Clock, Journey)), retention.journey_over),
    ),
    Kept(
        "outcome",
        ENDS,
        "anonymised",
        by_clock("exists (select from outcome as o where o.id = c.id and o.status <> 'over')"),
        Handler(needs(id=(Clock, Outcome, Linked(Outcome))), retention.outcome_over),
    ),
    Kept(
        "outcome_mark",
        ENDS,
        "erased",
        by_clock("exists (select from outcome as o where o.id = c.id and o.status = 'over')"),
        Handler(needs(id=(Clock, Outcome)), retention.outcome_mark_over),
    ),
    Swept(
        "sign_in",
        frozenset({"expired"}),
        "erased",
        "select null::uuid as subject, 'expired' as reference, expires_at as since, '{}'::text[] as holds from sign_in",
        "delete from sign_in where expires_at < clock_timestamp() - $1::text::interval",
    ),
    CLOCK,
)
