"""What the templates are given: plain values, already chosen for whoever looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from journey.pages.lanes import Drawing
from journey.pages.parked_apis import Record


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that became of an event at a reader that could not simply handle it. `took`: since the one before."""

    says: str
    at: datetime
    took: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one reader did with an event. `took`: since it was published; at most, if `says` says so. `trace`: the
    address of the trace in which the reader handled it, if it is known and traces can be looked at."""

    service: str
    says: str
    at: datetime | None = None
    trouble: bool = False
    took: str = ""
    trace: str = ""
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One event of a case. `wait`: since the one before it. `trace`: an address, if traces can be looked at."""

    id: str
    at: datetime
    service: str
    title: str
    actor: str = ""
    wait: timedelta | None = None
    outcomes: tuple[Outcome, ...] = ()
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """Something that is owed, or was. `state`: due, overdue, missed or met. `level`: up to which it was missed; of what
    was met, before."""

    id: str
    type: str
    due_at: datetime
    owner: str
    state: str
    level: int = 0
    met_at: datetime | None = None

    @property
    def marked_at(self) -> datetime:
        """Where it stands in the drawing: when it was done, else by when it is to be."""
        return self.met_at or self.due_at


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a case waits for, and whose turn it is. `late_at`: from then on it is stuck; `dated`: a deadline or a named
    day says so."""

    what: str
    whose: str
    since: datetime
    late_at: datetime
    dated: bool


@dataclass(frozen=True, slots=True)
class CasePage:
    """The page of a case."""

    case_id: str
    reference: str
    country: str
    now: datetime
    stage: str
    statuses: tuple[tuple[str, tuple[str, ...]], ...]
    """Per service, how each thing of the case stands there."""
    rows: tuple[Row, ...]
    deadlines: tuple[Due, ...]
    waiting: tuple[Waiting, ...]
    unknown: tuple[str, ...]
    """What journey does not know."""
    drawing: Drawing | None
    persons: tuple[tuple[str, str], ...] = ()
    """The person's other cases that the visitor may see: id, and reference or id."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """A case that waits. `late`: for how long it should not wait any more."""

    case_id: str
    reference: str
    country: str
    centre: str
    what: str
    whose: str
    since: datetime
    late: timedelta
    deadline: str = ""
    """The type of the deadline; empty, none says by when."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter of a list: one of some choices, or, without any, a `text`."""

    name: str
    label: str
    choices: tuple[Choice, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class ListPage:
    """A list of cases. `following`: the address of the next page. `linked`: whether the visitor may open them."""

    title: str
    says: str
    path: str
    filters: tuple[Filter, ...]
    items: tuple[Stuck, ...]
    following: str = ""
    linked: bool = True
    deadlines: bool = True
    """Whether it says by which deadline each of them is late."""
    since: str = "Since"
    late: str = "Late by"


@dataclass(frozen=True, slots=True)
class Bar:
    """One share of a figure. `share` is None where there is none to show; `text` then says why."""

    label: str
    share: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its definition beside it. `missing`: what belongs to it and no event tells; `says`: why it has no
    numbers."""

    id: str
    title: str
    definition: str
    source: str
    bars: tuple[Bar, ...] = ()
    numbers: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()
    says: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A cross-table of a figure: its first `heads` columns say which cell it is, a Bar is drawn."""

    id: str
    title: str
    columns: tuple[str, ...]
    heads: int
    rows: tuple[tuple[str | Bar, ...], ...]


@dataclass(frozen=True, slots=True)
class FiguresPage:
    """The programme's figures: in total, or of one country. `absent`: why those that are not here are not."""

    as_of: date
    country: str
    filters: tuple[Filter, ...]
    figures: tuple[Figure, ...]
    absent: str = ""

    path = "/pages/figures"


@dataclass(frozen=True, slots=True)
class FigurePage:
    """One figure with all that is published of it."""

    as_of: date
    figure: Figure
    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class Health:
    """How one service of the chain stands, as its own events tell. None: it has not said."""

    service: str
    heard_at: datetime | None
    lag_seconds: float | None
    outbox_seconds: float | None
    parked: int | None
    silent: bool
    relayed_at: datetime | None = None
    """When its relay was last seen to publish. None: not for a day."""


@dataclass(frozen=True, slots=True)
class Hop:
    """From one service to another: records published in the last hour, and those of them that the other has read."""

    sender: str
    reader: str
    published: int
    read: int


@dataclass(frozen=True, slots=True)
class Age:
    """How long cases in a stage have waited: half of them, and the one that has waited longest."""

    stage: str
    cases: int
    stuck: int
    half: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True)
class Parked:
    """A record that stands still at a service."""

    service: str
    place: str
    what: str
    failure: str
    attempts: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class ChainPage:
    """The health of the chain."""

    now: datetime
    services: tuple[Health, ...]
    steps: tuple[Hop, ...] = ()
    ages: tuple[Age, ...] = ()
    parked: tuple[Parked, ...] = ()


@dataclass(frozen=True, slots=True)
class ParkedBlock:
    """What one service lists as parked. `trouble`: why it lists nothing. `more`: the address of what follows, `many` of
    the page to decide on all of these."""

    service: str
    records: tuple[Record, ...] = ()
    trouble: str = ""
    more: str = ""
    many: str = ""


@dataclass(frozen=True, slots=True)
class ParkedList:
    """Parked records across services, or of `one`. `narrowed`: there may be others that were not asked for."""

    now: datetime
    path: str
    filters: tuple[Filter, ...]
    blocks: tuple[ParkedBlock, ...]
    one: bool
    narrowed: bool


@dataclass(frozen=True, slots=True)
class DecisionForm:
    """What stands in the form of a decision. `intent` makes sure that it is carried out once; `wrong`: per field, what
    is wrong with it."""

    intent: str
    what: str = ""
    ticket: str = ""
    reason: str = ""
    wrong: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """Of a page that shows it."""
        return 422 if self.wrong else 200
