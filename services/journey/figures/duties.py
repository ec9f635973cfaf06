"""What is owed on the way: K16."""

from __future__ import annotations

from typing import Final

from journey.figures.shapes import TOTAL, Figure, Number, Share, Spread


def _duties(name: str, words: str, *within: str) -> Number:
    return Number(name, words, of=name, unit="duties", within=within)


OWED: Final = """
select by_deadline_type, count(*) as due, count(*) filter (where level = 0) as in_time,
       count(*) filter (where level > 0 and done) as late, count(*) filter (where not done) as open,
       count(*) filter (where level >= 1) as missed_1, count(*) filter (where level >= 2) as missed_2,
       count(*) filter (where level >= 3) as missed_3
from (select duty ->> 1 as by_deadline_type, (duty ->> 2)::int as level, (duty ->> 3)::bool as done
      from jsonb_array_elements(owed::jsonb) as duty) as duty
group by grouping sets ((), (by_deadline_type)) having count(*) > 0
"""
"""What was owed of one person: of all types, and per type."""


K16: Final = Figure(
    id="k16",
    title="Deadlines kept",
    words=(
        "What organisations owed by a time, per type: done in time, done late, or missed and not done; and how"
        " many were missed on which level. Counted is what was done or missed: that a deadline runs is no event,"
        " nor is that one has lapsed. So what nobody can do any more, because the referral has ended or the"
        " person has come meanwhile, stays missed and not done. The month is that of the person's arrival."
    ),
    source="domain K16; DeadlineMissed, DeadlineMet of all services",
    unit="duties",
    several=("deadline_type",),
    each=OWED,
    alike=(("owed", "owed"),),
    spread_over="outcome cross join lateral jsonb_array_elements(overdue) as late(duty)",
    numbers=(
        Number("people", "people about whom something was owed", within=("due",)),
        _duties("due", "duties that are decided"),
        _duties("in_time", "done in time"),
        _duties("late", "done late", "missed_1"),
        _duties("open", "missed, and not done"),
        *(
            _duties(
                f"missed_{level}",
                f"missed on level {level}",
                "due" if level == 1 else f"missed_{level - 1}",
            )
            for level in (1, 2, 3)
        ),
    ),
    shares=(Share("kept", "done in time, of those decided", "in_time", "due"),),
    spreads=(
        Spread(
            "overdue",
            "of people's duties that were done late, per person the latest",
            "(duty ->> 4)::int",
            "hours",
            of="late",
        ),
    ),
    tables=(
        TOTAL,
        ("deadline_type",),
        ("country",),
        ("month",),
        ("sex",),
        ("occupation_major",),
        ("country", "centre"),
    ),
    sums=(("due", ("in_time", "late", "open")),),
)
