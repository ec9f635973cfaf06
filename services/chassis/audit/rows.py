"""A row of the audit: one per request about subjects that a person has made, whatever came of it.

A command's row is a part of the statement that writes the command. All others (what was shown, a refusal, a repeat) are
written by `writer.Auditor`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple
from uuid import UUID

from chassis.postgres.writes import Part

DONE: Final = "done"
SHOWN: Final = "shown"
"""Also of a repeat: it does nothing, and shows what the first request was answered."""

WRITTEN: Final = Part(
    "audited",
    """
insert into audit (person, role, org, action, subjects, outcome, ground)
select u.person, u.role, u.org, u.action, u.subjects::uuid[], u.outcome, u.ground
from {rows} order by u.place returning true
""",
    ("person bytea", "role text", "org text", "action text", "subjects text", "outcome text", "ground text"),
    exact=True,
)


def refused(code: str) -> str:
    """The outcome of a request that a rule has refused."""
    return f"refused:{code}"


class Who(NamedTuple):
    """Who asks, and for which operation. `person`: the keyed hash of the token's subject. `role` is empty if none of
    the person's roles opens the operation. `ground`: the code of why they are shown what their role alone does not
    open."""

    person: bytes
    role: str
    org: str
    action: str
    ground: str | None = None

    def row(self, subjects: Iterable[UUID], outcome: str) -> tuple[Any, ...]:
        """The row as `WRITTEN` takes it."""
        listed = "{" + ",".join(map(str, sorted(set(subjects)))) + "}"
        return (self.person, self.role, self.org, self.action, listed, outcome, self.ground)
