"""What belongs to a case whose term is over is shown to nobody, also before the run of the day ends it: a rebuild reads
everything that the topics still keep."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from chassis.operators.retention import due_of, terms_of
from chassis.postgres.documents import Where
from chassis.pure.retention import Agreed, Rule
from journey.retention import KEEPS


def within_term(where: Where, id_: str, kind: str, terms: Iterable[Rule], now: datetime) -> Where:
    """Only rows of cases of which no record of this kind is due to end. `id_`: the column with the id of the case."""
    [kept] = [each for each in KEEPS if each.kind == kind]
    agreed = Agreed((kept,), {kind: tuple(each for each in terms if each.kind == kind)})
    due = due_of(kept).replace("$1", "{}").replace("$2", "{}").replace("$3", "{}")
    over = f"select from ({due}) as it where it.subject = {id_} and due_at <= {{}} and cardinality(held_by) = 0"
    return where.add(f"not exists ({over})", *terms_of(agreed, kept), now)
