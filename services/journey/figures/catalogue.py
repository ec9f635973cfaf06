"""All figures, in the order in which they are shown: the promise first; and which of them hang together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from journey.figures import duties, operations, way, work
from journey.figures.promise import K1
from journey.figures.publishing import COMPARISON
from journey.figures.shapes import Figure, Missing, Share

K18: Final = Figure(
    id="k18",
    title="Equity",
    words=(
        "Job-offer coverage (K1) and the share in work (K3) of one group, divided by that of another: 1 is the same for"
        " both. Computed from what is published of K1 and K3."
    ),
    source="domain K18, GCM 21; K1 and K3",
    unit="ratio",
    missing=(Missing("sustainability", "the ratio of the sustainability score (K12)", ("SurveyCompleted",)),),
    shares=tuple(
        Share(f"{each.id}_{share.name}", f"{share.words} ({each.id.upper()}): one group divided by the other", "", "")
        for each in (K1, work.K3)
        for share in each.shares
    ),
    tables=((COMPARISON,),),
)
"""Has no statement of its own (`journey.figures.publishing.equity`)."""

FIGURES: Final[Mapping[str, Figure]] = {
    each.id: each
    for each in (
        K1,
        work.K2,
        work.K3,
        work.K3_OCCUPATION,
        work.K4,
        way.K5,
        way.K6,
        way.K7,
        way.K8,
        way.K9,
        work.K10,
        work.K11,
        way.K15,
        duties.K16,
        K18,
        operations.K19,
    )
}


def kin(figure: Figure) -> tuple[Figure, ...]:
    """The figures that count the same people, or some of them as it says: they are protected together. None where
    nothing is counted."""
    counted = [each for each in FIGURES.values() if each.numbers]
    return tuple(each for each in counted if figure in counted and _people(each) == _people(figure))


def _people(figure: Figure) -> tuple[str, str]:
    outer = next((each for each in FIGURES.values() if each.inner is not None and each.inner[2] is figure), figure)
    return outer.each, outer.where
