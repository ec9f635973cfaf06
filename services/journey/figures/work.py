"""Offers, work and what leads to it: K2, K3, K4, K10, K11."""

from __future__ import annotations

from typing import Final

from journey.figures.promise import ADULTS, BY_PERSON, BY_PERSON_JOINTS, K1
from journey.figures.shapes import ARRIVAL, TOTAL, Figure, Missing, Number, Share
from journey.figures.way import OF_REFERRED

ENDS: Final = ("accepted", "declined", "expired", "retracted")
"""What the person, the employer or the time makes of an offer."""


def _offers(name: str, words: str, count: str) -> Number:
    return Number(name, words, of=count, unit="offers")


K2: Final = Figure(
    id="k2",
    title="Acceptance of offers",
    words=(
        "What became of job offers, of people of every target group: accepted, as a share of those that were"
        " accepted, declined, taken back or left without an answer. An offer that was accepted and then taken back"
        " by the employer counts as taken back; one whose candidacy has ended otherwise, because the person has"
        " died, or has stepped back after accepting, or the term of the records was over, stands beside them and in"
        " no share. Not counted: offers that are"
        " void, and internships. The month is that of the person's arrival. Declining never counts against"
        " anybody."
    ),
    source="domain K2; JobOffered, JobOfferAccepted, JobOfferDeclined, JobOfferExpired, JobOfferRetracted,"
    " CandidacyClosed, PlacementRecordVoided",
    unit="offers",
    where="offers_made > 0",
    numbers=(
        Number("people", "people with an offer", within=("made",), hxl="#population+offer"),
        _offers("made", "offers", "offers_made"),
        _offers("ended", "offers that were answered, or can be no more", " + ".join(f"offers_{end}" for end in ENDS)),
        _offers("open", "offers that wait for an answer", "offers_open"),
        *(
            _offers(end, f"offers {words}", f"offers_{end}")
            for end, words in zip(
                ENDS,
                (
                    "accepted",
                    "declined",
                    "that nobody answered in time",
                    "taken back by the employer",
                ),
                strict=True,
            )
        ),
        _offers("closed", "offers that ended with the candidacy, unanswered or accepted", "offers_closed"),
    ),
    shares=(Share("acceptance", "accepted, of those that were answered, or can be no more", "accepted", "ended"),),
    tables=(
        TOTAL,
        ("month",),
        ("country",),
        ("sex",),
        ("target_group",),
        ("occupation_major",),
        ("country", "centre"),
    ),
    joints=(("country", "centre"), ("month",), ("sex", "target_group"), ("occupation_major",)),
    sums=(("made", ("ended", "closed", "open")), ("ended", ENDS)),
)

K3: Final = Figure(
    id="k3",
    title="Into work",
    words=(
        "People who began to work within 180 days of their arrival, as a share of those whose 180 days are over."
        " Each person counts once, by the first start that is not void; an internship is no work and stands"
        " apart. Formal: by evidence stronger than the person's own word. Not counted: minors, and people who"
        " have died."
    ),
    source="domain K3; EmploymentStarted, EmploymentCorrected, PlacementRecordVoided, ArrivedInCountry",
    people="arrived",
    inner=("target_group", "RETURNEE_DE", K1),
    where=f"arrived_on is not null and {ADULTS}",
    numbers=(
        Number("arrived", "people of the cohort"),
        Number("elapsed_180", "people whose 180 days are over", "arrived_on < :d180"),
        Number("running_180", "people whose 180 days still run", "arrived_on >= :d180"),
        Number(
            "working_180",
            "of those whose days are over, in work within 180 days",
            "arrived_on < :d180 and days_to_work <= 180",
            within=("elapsed_180",),
        ),
        Number(
            "formal_180",
            "of them, in formal work",
            "arrived_on < :d180 and days_to_work <= 180 and work_formal",
            within=("working_180",),
        ),
        Number(
            "subsidised_180",
            "of them, in work that the programme pays a part of",
            "arrived_on < :d180 and days_to_work <= 180 and work_subsidised",
            within=("working_180",),
        ),
        Number(
            "internship_only",
            "people of the cohort who have begun an internship, and no work",
            "internship and days_to_work is null",
            within=("arrived",),
        ),
    ),
    shares=(
        Share("into_work", "in work within 180 days", "working_180", "elapsed_180"),
        Share("formal", "formal, of those in work", "formal_180", "working_180"),
        Share("subsidised", "subsidised, of those in work", "subsidised_180", "working_180"),
    ),
    missing=(Missing("businesses", "people who started a business within 180 days", ("BusinessStarted",)),),
    tables=(*BY_PERSON, ("target_group",)),
    joints=(*BY_PERSON_JOINTS[:-1], (*BY_PERSON_JOINTS[-1], "target_group")),
    sums=(("arrived", ("elapsed_180", "running_180")),),
)

K3_OCCUPATION: Final = Figure(
    id="k3-occupation",
    title="Work by occupation",
    words=(
        "People who have begun to work, by target group and by the occupation of their first work (ISCO-08 major"
        " and minor groups), whenever that was: also people who have come from nowhere, such as locals, of whom no"
        " arrival is told. Internships are not counted."
    ),
    source="domain C, questions of the Bundestag (S14); EmploymentStarted, EmploymentCorrected",
    people="working",
    where="work_occupation is not null",
    occupation="work_occupation",
    numbers=(
        Number("working", "people who have begun to work"),
        Number("formal", "of them, in formal work", "work_formal", within=("working",)),
        Number("subsidised", "of them, in subsidised work", "work_subsidised", within=("working",)),
    ),
    tables=(
        TOTAL,
        ("country",),
        ("target_group",),
        ("occupation_major",),
        ("occupation_major", "occupation_minor"),
        ("country", "centre"),
        ("country", "occupation_major"),
        ("target_group", "occupation_major"),
    ),
)

K4: Final = Figure(
    id="k4",
    title="Staying in work",
    words="Who is still in work 30, 90, 180 and 365 days after beginning, of those who are asked at that time.",
    source="domain K4",
    missing=(
        Missing(
            "retention", "people who are still employed at a checkpoint", ("EmploymentConfirmed", "EmploymentEnded")
        ),
    ),
)

K10: Final = Figure(
    id="k10",
    title="Training before departure",
    words=(
        "People who were referred and had a seat in a course in Germany, and those who took one to its end,"
        " passed or attended. The month is that of the first referral. A course leads to work here where the"
        " ISCO-08 minor group (three digits) of the course and of work that the person has begun is the same."
    ),
    source="domain K10; ReturneeReferred, EnrolmentConfirmed, EnrolmentCancelled, CourseCompleted, EmploymentStarted",
    people="referred",
    where="asked > 0",
    day="referred_at",
    numbers=(
        Number("referred", "people who were referred"),
        Number("enrolled", "of them, with a seat in a course", "enrolled > 0", within=("referred",)),
        Number(
            "completed",
            "of them, with a course that was completed",
            "completed > 0",
            within=("enrolled", "courses"),
        ),
        Number(
            "cancelled_for_departure",
            "people of whom a course was cancelled because they left before its end",
            "cancelled_for_departure > 0",
            within=("referred",),
        ),
        Number(
            "same_occupation",
            "of those who completed a course, in work in its minor group",
            "course_and_work",
            within=("completed",),
        ),
        Number(
            "courses",
            "courses that were completed",
            of="completed",
            unit="courses",
        ),
    ),
    shares=(
        Share("enrolment", "with a seat, of those referred", "enrolled", "referred"),
        Share("completion", "with a completed course, of those with a seat", "completed", "enrolled"),
        Share(
            "leads_to_work",
            "in work in its minor group, of those with a completed course",
            "same_occupation",
            "completed",
        ),
    ),
    tables=(
        TOTAL,
        ("month",),
        ("country",),
        ("sex",),
        ("age_band",),
        ("desk",),
        ("occupation_major",),
        (ARRIVAL,),
        ("country", "centre"),
        ("country", "sex"),
    ),
    joints=OF_REFERRED,
)


def _measures(name: str, words: str) -> Number:
    return Number(name, words, of=name, unit="measures")


MEASURES: Final = """
select category as by_category, count(*) filter (where kind = 'course') as courses,
       count(*) filter (where kind = 'work') as works, count(*) filter (where kind = 'agreed') as agreed
from (select 'course' as kind, each as category from jsonb_array_elements_text(taken) as each
      union all select 'agreed', listed.category from jsonb_array_elements_text(planned) as each
      join unnest(:measures::text[], :categories::text[]) as listed(code, category) on listed.code = each
      union all select 'work', 'INTO_WORK' where worked) as measure
group by category
"""
"""The measures of one person, per category."""


K11: Final = Figure(
    id="k11",
    title="Measures by category",
    words=(
        "Measures per category of the programme: into work, market access, employability; social support stands"
        " beside them. People are told apart from measures: each counts once per category. Courses in Germany and"
        " starts of work, internships included, have taken place; what stands in the latest plan was agreed on,"
        " and whether it was done is not recorded yet. The month is that of the person's arrival."
    ),
    source="domain K11, S1 footnotes 3 to 5; CourseCompleted, EmploymentStarted, ReintegrationPlanAgreed; categories of"
    " agreed measures: assistance_codes",
    unit="measures",
    several=("category",),
    each=MEASURES,
    alike=(("taken", "courses"), ("planned", "agreed"), ("worked", "work_occupation is not null or internship")),
    numbers=(
        Number("people", "people with at least one of these"),
        _measures("courses", "courses completed in Germany"),
        Number(
            "works",
            "people who began to work, or an internship",
            "works > 0",
            within=("people",),
        ),
        _measures("agreed", "measures that the latest plans hold"),
    ),
    missing=(
        Missing("delivered", "measures of the centres that were done", ("MeasureStarted", "MeasureCompleted")),
        Missing("family", "measures for members of the family", ("MeasureStarted",)),
    ),
    tables=(
        ("category",),
        ("month", "category"),
        ("country", "category"),
        ("sex", "category"),
        ("occupation_major", "category"),
        ("country", "centre", "category"),
    ),
)
