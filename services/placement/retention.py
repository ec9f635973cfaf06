"""What this service keeps of a case, and how it is found: the kinds of its rules in `retention.v1.csv`."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.pure.decision import Handler
from chassis.pure.needs import Linked, needs
from chassis.pure.retention import Clock, Kept, by_clock
from placement.domain.candidate import Candidate
from placement.domain.vacancy import Vacancy
from placement.handlers import followed, retention
from vocabulary.receiving import KEPT
from vocabulary.retention import CLOCK, ENDS

_PICKED = """
exists (select from vacancy as v, jsonb_array_elements(v.data -> 'candidacies') as candidacy
        where v.links @> array[c.id] and candidacy ->> 'case_id' = c.id::text)
"""
_CANDIDATE = "exists (select from candidate as p where p.id = c.id)"

KEEPS: Sequence[Kept] = (
    Kept(
        "candidacy",
        ENDS,
        "anonymised",
        by_clock(_PICKED),
        followed(needs(id=(Clock, Candidate, Linked(Vacancy))), retention.candidacies_over),
    ),
    Kept(
        "candidate",
        ENDS,
        "erased",
        by_clock(_CANDIDATE),
        Handler(needs(id=(Clock, Candidate, Linked(Candidate))), retention.candidate_over),
    ),
    KEPT,
    CLOCK,
)
