"""Pages full of values: of a real length, of other scripts, and of HTML that must show as text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from chassis.http.problems import Problem
from journey.pages.lanes import OWED, Moment, draw
from journey.pages.models import (
    Age,
    Bar,
    CasePage,
    ChainPage,
    Choice,
    Due,
    Figure,
    FigurePage,
    FiguresPage,
    Filter,
    Health,
    Hop,
    ListPage,
    Outcome,
    Parked,
    Row,
    Step,
    Stuck,
    Table,
    Waiting,
)
from journey.refusals import CASE_NOT_FOUND

CASE = UUID("0198c9e0-c6f8-7c3e-9d5b-6a1f2e3d4c5b")
REFERENCE = "PH-7K3M9QX-F"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
CURSE = "<script>alert('x')</script>\" onload=\"x"
NAMES = ("referral", "training", "counselling", "placement", OWED)

_EVENTS = (
    (-200, 0, "referral", "Case opened"),
    (-200, 1, "referral", "Consent granted"),
    (-199, 0, "referral", "Referred to a centre"),
    (-199, 1, "counselling", "Referral received"),
    (-194, 0, "counselling", "Referral accepted"),
    (-180, 0, "training", "Place in a course confirmed"),
    (-120, 0, "training", "Course completed: passed"),
    (-95, 0, "referral", "Departure planned"),
    (-60, 0, "referral", "Left Germany"),
    (-58, 0, "counselling", "Arrived"),
    (-40, 0, "counselling", "Needs assessed"),
    (-12, 0, "placement", "Shortlisted for a vacancy"),
    (-5, 0, "placement", "Job offered"),
)


def case_page(curse: str = "") -> CasePage:
    """A case in the middle of its way. `curse` stands in each field that somebody else fills in."""
    times = [NOW + timedelta(days=day, minutes=minute) for day, minute, *_ in _EVENTS]
    waits = [None, *(later - earlier for earlier, later in pairwise(times))]
    rows = tuple(
        Row(
            f"e{number}",
            at,
            service,
            title + curse,
            f"scout, scouts:bavaria{curse}",
            wait,
            (
                Outcome(
                    "placement",
                    f"processed, at the latest{curse}",
                    at,
                    took="53 s",
                    trace="https://traces.test/00f067aa0ba902b74bf92f3577b34da6",
                ),
                Outcome(
                    "training",
                    f"parked: schema{curse}" if number == 4 else "not read",
                    trouble=number == 4,
                    steps=(Step(f"parked, attempt 1: schema{curse}", at, "2 s"),) if number == 4 else (),
                ),
            ),
            "https://traces.test/4bf92f3577b34da6a3ce929d0e0e4736",
        )
        for number, (at, wait, (_, _, service, title)) in enumerate(zip(times, waits, _EVENTS, strict=True))
    )
    deadlines = (
        Due("d0", f"offer_answer{curse}", NOW + timedelta(days=9), f"centre:NG-LOS{curse}", "due"),
        Due("d1", "arrival_contact", NOW - timedelta(days=51), "counsellor, centre:NG-LOS", "missed", 2),
        Due("m0", "referral_answer", NOW - timedelta(days=192), "centre:NG-LOS", "met", 1, NOW - timedelta(days=191)),
    )
    moments = [Moment(row.service, row.at, row.title, row.id, "trouble" if row.id == "e4" else "event") for row in rows]
    moments += [Moment(OWED, each.marked_at, each.type, each.id, each.state) for each in deadlines]
    return CasePage(
        case_id=f"{CASE}{curse}",
        reference=REFERENCE + curse,
        country=f"NG{curse}",
        now=NOW,
        stage=f"offered{curse}",
        statuses=(
            ("referral", (f"case: offered, scouts:bavaria{curse}", "departure: departed")),
            ("training", ()),
            ("counselling", ("arrival: reported, centre:NG-LOS", "assessment: done, centre:NG-LOS")),
            ("placement", ("job_offer: open",)),
        ),
        rows=rows,
        deadlines=deadlines,
        waiting=(
            Waiting(
                f"an answer to the job offer{curse}",
                f"the person{curse}",
                NOW - timedelta(days=5),
                NOW + timedelta(days=9),
                dated=True,
            ),
            Waiting("the next contact", "centre counsellor, centre:NG-LOS", NOW - timedelta(days=60), NOW, dated=False),
        ),
        unknown=(f"what placement has told since 11:48: this page lags behind it{curse}",),
        drawing=draw(NAMES, moments, NOW),
    )


def list_page(curse: str = "", title: str = "Stuck cases") -> ListPage:
    """Cases that wait. One centre's name runs from right to left."""
    return ListPage(
        title=title + curse,
        says=f"Cases in which nothing has happened for a week or longer.{curse}",
        path="/pages/stuck",
        filters=(
            Filter("country", "Country", (Choice("", "All", False), Choice(f"NG{curse}", f"Nigeria{curse}", True))),
            Filter("centre", "Centre", (Choice("", "All", True), Choice("NG-LOS", "NG-LOS", False))),
            Filter("type", "Deadline", (Choice("", "All", True), Choice("offer_answer", "offer answer", False))),
        ),
        items=(
            Stuck(
                str(CASE),
                REFERENCE + curse,
                f"NG{curse}",
                f"NG-LOS{curse}",
                f"arrival_contact{curse}",
                f"centre counsellor{curse}",
                NOW - timedelta(days=51),
                timedelta(days=51),
                f"first_contact{curse}",
            ),
            Stuck(
                str(CASE), "PH-1111111-1", "IQ", "مركز أربيل", "referral_answer", "مركز أربيل", NOW, timedelta(hours=5)
            ),
            Stuck(str(CASE), "PH-2222222-2", "IQ", "", "arrival", "scouts:bavaria", NOW, timedelta(minutes=5)),
        ),
        following="/pages/stuck?cursor=abc",
    )


def figure(curse: str = "") -> Figure:
    """The promise: shares, numbers, and what no event tells."""
    return Figure(
        "k1",
        f"Job offers{curse}",
        f"Returnees who had a job offer within so many days of their arrival.{curse}",
        f"JobOffered, ArrivedInCountry{curse}",
        (
            Bar(f"30 days{curse}", 0.21, f"21 %{curse}"),
            Bar("90 days", 0.48, "48 %"),
            Bar("180 days", 0.74, "74 %"),
            Bar("365 days", None, "withheld"),
        ),
        ((f"people of the cohort{curse}", f"143{curse}"), ("of them, with a job offer by now", "withheld")),
        (f"the ratio of the sustainability score{curse}", "sex of walk-ins"),
    )


def figures_page(curse: str = "") -> FiguresPage:
    """Two figures, one of them with nothing but what is missing."""
    bare = Figure("k18", "Equity", "Coverage of one group, divided by that of another.", "K1", missing=("K12",))
    filters = list_page(curse).filters[:1]
    return FiguresPage(
        NOW.date(), f"NG{curse}", filters, (figure(curse), bare), f"Some are not told per country.{curse}"
    )


def figure_page(curse: str = "") -> FigurePage:
    """The promise by country and centre."""
    rows = (
        (f"NG{curse}", f"NG-LOS{curse}", f"57{curse}", Bar("", 0.61, f"61 %{curse}"), "withheld"),
        ("IQ", "IQ-EBL", "86", Bar("", 0.4, "40 %"), "12"),
    )
    columns = (f"country{curse}", "centre", "people of the cohort", "within 90 days", "waiting")
    table = Table("by-country-centre", f"By country and centre{curse}", columns, 2, rows)
    return FigurePage(NOW.date(), figure(curse), (table,))


def chain_page(curse: str = "") -> ChainPage:
    """One service well, one in trouble, one that has said nothing."""
    return ChainPage(
        now=NOW,
        services=(
            Health(f"referral{curse}", NOW - timedelta(seconds=20), 0.4, 0.0, 0, silent=False, relayed_at=NOW),
            Health("training", NOW - timedelta(hours=3), 912.0, 640.0, 2, silent=True),
            Health("placement", None, None, None, None, silent=True),
        ),
        steps=(Hop(f"referral{curse}", "counselling", 1204, 1200), Hop("counselling", f"placement{curse}", 0, 0)),
        ages=(
            Age("referred", 12, 0, timedelta(hours=5), timedelta(days=2)),
            Age("in_contact", 340, 17, timedelta(days=9), timedelta(days=91)),
        ),
        parked=(Parked("training", f"ph.referral.v1/3/4711{curse}", "parked", f"unknown_code{curse}", 2, NOW),),
    )


class Sample:
    """Takes the place of what journey knows."""

    def __init__(self, curse: str = "") -> None:
        self.curse = curse
        self.wishes: list[Mapping[str, str]] = []

    async def find(self, visit: Any, text: str) -> UUID:
        if text not in {str(CASE), REFERENCE}:
            raise Problem.of(CASE_NOT_FOUND)
        visit.about([CASE])
        return CASE

    async def case(self, visit: Any, case_id: UUID) -> CasePage:
        visit.about([case_id])
        if case_id != CASE:
            raise Problem(status=404, code="case_unknown", detail="There is no such case.", remedy="Check the id.")
        return case_page(self.curse)

    async def stuck(self, _visit: Any, wish: Mapping[str, str]) -> ListPage:
        self.wishes.append(wish)
        return list_page(self.curse)

    async def lost(self, _visit: Any, wish: Mapping[str, str]) -> ListPage:
        return list_page(self.curse, "Lost people")

    async def waiting(self, _visit: Any, wish: Mapping[str, str]) -> ListPage:
        return list_page(self.curse, "Waiting for an offer")

    async def all(self, _visit: Any, country: str) -> FiguresPage:
        return figures_page(self.curse)

    async def one(self, _visit: Any, name: str) -> FigurePage:
        if name != "k1":
            raise Problem(
                status=404, code="figure_unknown", detail="There is no such figure.", remedy="Choose another."
            )
        return figure_page(self.curse)

    async def chain(self, _visit: Any) -> ChainPage:
        return chain_page(self.curse)
