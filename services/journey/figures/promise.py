"""K1: does every returnee get a job offer? And who still waits."""

from __future__ import annotations

from typing import Final

from journey.figures.shapes import TOTAL, Figure, Number, Share

NDAYS: Final = (30, 90, 180, 365)
"""Within so many days of the arrival. The programme's goal has no number (docs/domain.md: offer-targets); these are
those of the project's definition of K1."""

ADULTS: Final = "age_band <> 'under_18' and not failures ?| :ends_case"
"""Who can be placed at all: minors have no candidacy (domain: minors), and the dead are in no list (the-dead)."""
PROMISED_TO: Final = f"target_group = 'RETURNEE_DE' and arrived_on is not null and {ADULTS}"
"""Whom the programme promises an offer (docs/domain.md: promise), once they have arrived."""

BY_PERSON: Final = (
    TOTAL,
    ("month",),
    ("country",),
    ("sex",),
    ("age_band",),
    ("return_type",),
    ("vulnerable",),
    ("occupation_major",),
    ("occupation_major", "occupation_minor"),
    ("country", "centre"),
    ("country", "month"),
    ("country", "sex"),
    ("country", "occupation_major"),
)
"""The cross-tables of figures that count people. There are no others: each one more tells more of small groups."""
BY_PERSON_JOINTS: Final = (
    ("country", "month"),
    ("country", "occupation_major", "occupation_minor"),
    ("country", "centre", "sex", "age_band", "return_type", "vulnerable"),
)
"""From which they are added up."""


def _within(days: int) -> tuple[Number, ...]:
    """Of these days. An offer within 30 days need not be among those within 90: only whose 90 days are over has one."""
    before = tuple(f"elapsed_{each}" for each in NDAYS if each < days)[-1:]
    after = tuple(f"running_{each}" for each in NDAYS if each > days)[:1]
    over, runs = f"arrived_on < :d{days}", f"arrived_on >= :d{days}"
    return (
        Number(
            f"elapsed_{days}",
            f"people whose {days} days since arrival are over",
            over,
            within=before,
            hxl=f"#population+elapsed+d{days}",
        ),
        Number(
            f"offered_{days}",
            f"of them, with a job offer within {days} days of arrival",
            f"{over} and days_to_offer <= {days}",
            within=(f"elapsed_{days}", "promised"),
            hxl=f"#reached+offer+d{days}",
        ),
        Number(
            f"running_{days}",
            f"people whose {days} days still run: the cohort is incomplete by so many",
            runs,
            within=after,
            hxl=f"#population+running+d{days}",
        ),
    )


K1: Final = Figure(
    id="k1",
    title="Job offers",
    words=(
        "Returnees from Germany who had a job offer within 30, 90, 180 and 365 days of their arrival, as a share"
        " of those whose days are over. Each person counts once, by the first offer that was not taken back, is"
        " not void and is no internship, and by the day of arrival as it was last corrected; an offer before the"
        " arrival counts as day 0. An offer that the person declined or did not answer was made, and counts. Not"
        " counted: minors, who cannot be placed, and people who have died."
    ),
    source="domain K1; JobOffered, JobOfferCorrected, JobOfferRetracted, PlacementRecordVoided, ArrivedInCountry,"
    " ArrivalCorrected, RecordVoided",
    people="arrived",
    where=PROMISED_TO,
    numbers=(
        Number("arrived", "people of the cohort", hxl="#population+arrived"),
        Number(
            "promised",
            "of them, with a job offer by now",
            "promised",
            hxl="#reached+offer",
        ),
        Number(
            "waiting",
            "of them, without a job offer by now: they still wait",
            "not promised",
            hxl="#inneed+offer",
        ),
        Number(
            "lost_offers",
            "of those who wait, with an offer that does not count: taken back, or for an internship",
            "lost_offers",
            within=("waiting",),
            hxl="#inneed+offer+lost",
        ),
        *(number for days in NDAYS for number in _within(days)),
    ),
    shares=tuple(
        Share(
            f"coverage_{days}",
            f"job-offer coverage within {days} days",
            f"offered_{days}",
            f"elapsed_{days}",
        )
        for days in NDAYS
    ),
    tables=BY_PERSON,
    joints=BY_PERSON_JOINTS,
    sums=(("arrived", ("promised", "waiting")), *(("arrived", (f"elapsed_{n}", f"running_{n}")) for n in NDAYS)),
)
