"""For how long what is kept: rules as data, kinds of records as code, and one refusal if the two do not fit.

A *kind* is what a service keeps of a subject, such as an order's address. A *rule* says from which reference date on,
for how long, which holds keep it longer, and what then happens. The rules stand in `retention.v1.csv`; each service
names its kinds in `retention.py`. The one mechanism (`chassis.work.retention`) does the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import ClassVar, Final, Literal
from uuid import UUID

from chassis.pure.decision import Handler
from chassis.pure.reference import InvalidReference, table

FILE: Final = "retention"
EVERY: Final = "every"
"""In the column `service`: a rule for what each service keeps."""
Effect = Literal["erased", "key_destroyed", "anonymised"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the file. `term` is an ISO 8601 duration in months or days, counted from the day of `reference`."""

    service: str
    kind: str
    reference: str
    term: str
    holds: tuple[str, ...]
    """Reasons of holds that keep a subject's records of this kind beyond the term."""
    effect: Effect

    KEY: ClassVar[tuple[str, ...]] = ("service", "kind", "reference")
    PATTERNS: ClassVar[dict[str, str]] = {
        "service": r"[a-z]{1,32}",
        "kind": r"[a-z][a-z0-9_]{1,63}",
        "reference": r"[a-z][a-z0-9_]{1,63}",
        "term": r"P[1-9][0-9]{0,3}[MD]",
        "holds": r"[a-z][a-z0-9_]{1,63}",
    }


@dataclass(frozen=True, slots=True)
class TermOver:
    """The message for the handler of a kind: the term of this subject's records is over, and nothing holds them."""

    kind: str
    id: UUID


@dataclass(frozen=True)
class Kept:
    """A kind of record that a service keeps of its subjects.

    `find` is SQL with the columns `subject uuid, reference text, since timestamptz, holds text[]`: a row per subject of
    which there is such a record, and whose reference date has come; none once its handler has decided. `references`
    are those that it may name, `effect` is what the handler does. `rows` ends what is no aggregate: SQL of an update or
    delete with `returning`, in which `{rows}` stands for a table `u` of the subjects that end, with the column `id`.
    """

    kind: str
    references: frozenset[str]
    effect: Effect
    find: str
    handler: Handler
    rows: str = ""


@dataclass(frozen=True)
class Swept:
    """A kind that belongs to no subject, counted by the database's own clock. `find` as of `Kept`, without a subject;
    `sweep` is SQL that ends what is older than the term $1, an interval as text. None: a run ends it, by hand."""

    kind: str
    references: frozenset[str]
    effect: Effect
    find: str
    sweep: str | None


def by_clock(there: str) -> str:
    """The `find` of a kind that ends by the subject's clock `c`. `there`: the SQL condition that it has such a one."""
    return (
        "select c.id as subject, c.data ->> 'reference' as reference, "  # noqa: S608 - from code
        "(c.data ->> 'since')::date::timestamp at time zone 'UTC' as since, "
        "array(select each ->> 'reason' from jsonb_array_elements(c.data -> 'holds') as each) as holds "
        f"from retention as c where c.data ->> 'since' is not null and {there}"
    )


@dataclass(frozen=True, slots=True)
class Hold:
    """Somebody needs the subject's records longer: why, and since when."""

    id: UUID
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """The reference date of a subject, as its owner has told it, and what holds its records.

    `told_at`: when the owner last said whether the subject has ended. Every statement of the owner comes in order, but
    for a record that was missing and comes late.
    """

    id: UUID
    reference: str | None = None
    since: date | None = None
    told_at: datetime | None = None
    holds: tuple[Hold, ...] = ()
    released: tuple[UUID, ...] = ()
    """Holds that were lifted: one of which the beginning comes late is over already."""

    @property
    def status(self) -> str:
        """Whether the term runs."""
        if self.holds:
            return "held"
        return "running" if self.since is not None else "stopped"


@dataclass(frozen=True)
class Agreed:
    """The kinds of one service with their rules."""

    kinds: Sequence[Kept | Swept] = ()
    rules: dict[str, tuple[Rule, ...]] = field(default_factory=dict)
    """By kind."""


def agreed(service: str, kinds: Iterable[Kept | Swept], directory: Path) -> Agreed:
    """The rules of a service, read from the file. Raises `InvalidReference` for a kind without a rule, a rule without a
    kind, or one that lets something else happen than the service does."""
    kinds = tuple(kinds)
    rules = [each for each in table(directory, FILE, Rule) if each.service in (service, EVERY)]
    known = {each.kind: each for each in kinds}
    for rule in rules:
        kind = known.get(rule.kind)
        if kind is None or rule.reference not in kind.references:
            raise _unfit(service, rule.kind, f"has a rule by {rule.reference}, and the service keeps no such thing")
        if kind.effect != rule.effect:
            raise _unfit(service, rule.kind, f"is {kind.effect} by the service, and {rule.effect} by its rule")
    by_kind = {each.kind: tuple(rule for rule in rules if rule.kind == each.kind) for each in kinds}
    for kind in kinds:
        if missing := sorted(kind.references - {rule.reference for rule in by_kind[kind.kind]}):
            raise _unfit(service, kind.kind, f"has no rule by {', '.join(missing)}")
    return Agreed(kinds, by_kind)


def _unfit(service: str, kind: str, problem: str) -> InvalidReference:
    return InvalidReference(
        f"{FILE}.v1.csv: {kind} of {service} {problem}: let the file and `retention.py` of the service say the same"
    )
