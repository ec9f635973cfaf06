"""The way from a desk in Germany to a centre: K5 to K9, K15."""

from __future__ import annotations

from typing import Final

from journey.figures.shapes import ARRIVAL, TOTAL, Dims, Figure, Missing, Number, Share, Spread

OF_REFERRED: Final[tuple[Dims, ...]] = (
    ("country", "centre", "desk", "sex", "age_band"),
    ("month", ARRIVAL),
    ("occupation_major",),
)
"""From which the tables of K5, K6 and K10 are added up: of who was referred."""
OF_DEPARTED: Final[tuple[Dims, ...]] = (
    ("country", "centre", "desk", "sex", "return_type"),
    ("country", "month"),
    (ARRIVAL,),
    ("occupation_major",),
)
"""From which those of K7 and K8 are."""

K5: Final = Figure(
    id="k5",
    title="Time per step",
    words=(
        "How long each step took, median and 90th percentile of the people who have taken it. A person has one"
        " time per step: of the first referral, acceptance, offer and start of work, and of the last departure"
        " and arrival as corrected; steps that lie the other way round, as of two journeys, have none. Days are"
        " calendar days, hours count through nights and weekends. A median is"
        " told of ten people at least, a 90th percentile of fifty: five lie on either side of it."
    ),
    source="domain K5; ReturneeReferred, ReferralReceived, ReferralAccepted, ReferralRejected, ReferralRedirected,"
    " ReturneeDeparted, ArrivedInCountry, FirstContactMade, ReintegrationPlanAgreed, JobOffered, EmploymentStarted",
    unit="days",
    people="referred",
    where="asked > 0",
    day="referred_at",
    numbers=(Number("referred", "people who were referred"),),
    spreads=(
        Spread("referred_to_received", "from the referral to its receipt by the centre", "hours_to_receipt", "hours"),
        Spread("received_to_answered", "from the receipt to the centre's answer", "hours_to_answer", "hours"),
        Spread("accepted_to_departed", "from the acceptance to the departure", "days_to_departure"),
        Spread("departed_to_arrived", "from the departure to the arrival", "days_to_arrival"),
        Spread("arrived_to_contact", "from the arrival to the first contact", "days_to_contact"),
        Spread("arrived_to_plan", "from the arrival to the plan", "days_to_plan"),
        Spread("arrived_to_offer", "from the arrival to the first job offer that counts", "days_to_offer"),
        Spread("offered_to_started", "from that offer to the first day of work", "days_offer_to_start"),
    ),
    missing=(Missing("first_measure", "from the plan to the first measure", ("MeasureStarted",)),),
    tables=(TOTAL, ("month",), ("country",), ("sex",), (ARRIVAL,), ("country", "centre")),
    joints=OF_REFERRED,
)


def _sum(name: str, words: str, column: str, *within: str) -> Number:
    """Referrals: of each person as many as the column says."""
    return Number(name, words, of=column, unit="referrals", within=within)


K6: Final = Figure(
    id="k6",
    title="Answers to referrals",
    words=(
        "Referrals that a centre was asked to answer, sent by a desk or passed on by another centre. Answered:"
        " accepted, rejected or passed on. In time: by the limit of its priority, as the centre's own service set"
        " it at the receipt, of all that have such a limit, answered or not: one that waits for its answer counts as"
        " not answered in time until it is, so the share of the latest month still grows. One that was taken back"
        " before its limit, unanswered, has none. Closed: rejected, passed on, withdrawn, completed"
        " or failed, so that whoever sent it knows what became of it; one that was taken back after the arrival"
        " is closed once the centre has said what becomes of the support. The month is that of the person's first"
        " referral."
    ),
    source="domain K6; ReturneeReferred, ReferralReceived, ReferralAccepted, ReferralRejected, ReferralRedirected,"
    " ReferralWithdrawn, ReferralCompleted, ReferralFailed, ReferralReopened",
    unit="referrals",
    where="asked > 0",
    day="referred_at",
    numbers=(
        Number("people", "people who were referred", within=("asked",)),
        _sum("asked", "referrals", "asked"),
        _sum("answered", "of them, answered", "answered", "asked"),
        _sum("with_limit", "of all, with a known limit for the answer", "answers_with_limit", "asked"),
        _sum("in_time", "of those, answered in time", "answers_in_time", "with_limit", "answered"),
        _sum("accepted", "accepted", "accepted", "answered"),
        _sum("rejected", "rejected", "rejected", "answered", "closed"),
        _sum("redirected", "passed on to another centre", "redirected", "answered", "closed"),
        _sum("withdrawn", "taken back", "withdrawn", "closed"),
        _sum("closed", "closed", "closed", "asked"),
        Number(
            "passed_on_once",
            "people whose referral was passed on",
            "redirect_depth > 0",
            within=("people", "redirected"),
        ),
        Number(
            "passed_on_twice",
            "of them, more than once",
            "redirect_depth > 1",
            within=("passed_on_once",),
        ),
    ),
    shares=(
        Share("answer_rate", "answered, of all", "answered", "asked"),
        Share("in_time_rate", "in time, of those with a known limit", "in_time", "with_limit"),
        Share("closure", "closed, of all", "closed", "asked"),
    ),
    tables=(
        TOTAL,
        ("month",),
        ("country",),
        ("desk",),
        ("sex",),
        ("occupation_major",),
        (ARRIVAL,),
        ("country", "centre"),
    ),
    joints=OF_REFERRED,
)

K7: Final = Figure(
    id="k7",
    title="Hand-over before departure",
    words=(
        "People who have left Germany, and those of them whose desk had handed over what the centre needs in"
        " time: before its deadline `handover_package`, which lies five working days before the first day on"
        " which they may leave."
    ),
    source="domain K7, S7; ReturneeDeparted, DeadlineMet (handover_package, level 0)",
    people="departed",
    where="departed_on is not null",
    day="departed_on",
    numbers=(
        Number("departed", "people who have left Germany"),
        Number(
            "in_time",
            "of them, handed over in time",
            "package_in_time",
            within=("departed",),
        ),
    ),
    shares=(Share("handed_over", "handed over in time", "in_time", "departed"),),
    missing=(
        Missing(
            "information_requests",
            "questions of the centre per referral",
            ("ReferralInfoRequested", "ReferralInfoProvided"),
        ),
    ),
    tables=(
        TOTAL,
        ("month",),
        ("country",),
        ("desk",),
        ("sex",),
        ("occupation_major",),
        (ARRIVAL,),
        ("country", "centre"),
    ),
    joints=OF_DEPARTED,
)

K8: Final = Figure(
    id="k8",
    title="Arrivals confirmed",
    words=(
        "People who have left Germany, and what their centre has told of the journey that was planned last: their"
        " arrival, that they never came, or nothing. In time: before the third level of the deadline"
        " `arrival_confirmation`, 14 working days after the expected day. The month is that of the departure."
    ),
    source="domain K8, S4; DeparturePlanned, ReturneeDeparted, ArrivedInCountry, ArrivalCorrected, RecordVoided,"
    " NeverArrived, DeadlineMissed, DeadlineMet",
    people="departed",
    where="departed_on is not null",
    day="departed_on",
    numbers=(
        Number("departed", "people who have left Germany"),
        Number("confirmed", "of them, arrived", "came"),
        Number(
            "in_time",
            "of those, confirmed in time",
            "arrival_in_time",
            within=("confirmed",),
        ),
        Number("never_arrived", "never came, as far as the centre knows", "never_arrived"),
        Number("unconfirmed", "nothing is told", "not came and not never_arrived"),
    ),
    shares=(
        Share("confirmed_in_time", "confirmed within 14 working days", "in_time", "departed"),
        Share("never_came", "never came", "never_arrived", "departed"),
    ),
    tables=(
        TOTAL,
        ("month",),
        ("country",),
        ("sex",),
        ("return_type",),
        ("occupation_major",),
        (ARRIVAL,),
        ("country", "centre"),
        ("country", "month"),
    ),
    joints=OF_DEPARTED,
    sums=(("departed", ("confirmed", "never_arrived", "unconfirmed")),),
)

K9: Final = Figure(
    id="k9",
    title="Reach",
    words="People whose case was opened, by target group: registered in Germany, or walked in at a centre.",
    source="domain K9, S13; CaseOpened of both services, ReturneeReferred",
    where="opened_at is not null",
    day="opened_at",
    numbers=(Number("people", "people"),),
    missing=(Missing("sessions", "counselling sessions per target group", ("SessionHeld",)),),
    tables=(
        TOTAL,
        ("month",),
        ("country",),
        ("sex",),
        ("target_group",),
        ("occupation_major",),
        (ARRIVAL,),
        ("country", "centre"),
        ("country", "target_group"),
        ("sex", "target_group"),
    ),
    joints=(("country", "centre", "sex", "target_group"), ("month",), (ARRIVAL,), ("occupation_major",)),
)

K15: Final = Figure(
    id="k15",
    title="Caseload",
    words=(
        "Cases that a centre has in its care today, per centre, and people whose first referral was sent in the"
        " last 365 days, per desk in Germany; of whom the term of the records is over, by the first day of the month."
    ),
    source="domain K15; CaseOpened, ReturneeReferred, ReferralAccepted and the ends of referrals",
    where="open or (referred_at >= :d365 and asked > 0)",
    day="opened_at",
    numbers=(
        Number("people", "people of whom either is true"),
        Number("open", "cases in the care of a centre", "open", within=("people",)),
        Number(
            "referred",
            "people referred in the last 365 days",
            "referred_at >= :d365 and asked > 0",
            within=("people",),
        ),
    ),
    missing=(Missing("per_counsellor", "cases per counsellor: no event names a person of the staff", ()),),
    tables=(TOTAL, ("country",), ("desk",), ("country", "centre")),
)
