"""The templates: HTML in a field shows as text, a table says what a drawing shows, nothing is loaded from elsewhere."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from jinja2 import UndefinedError

from journey.pages.frame import HEADERS, HERE, render, span
from journey.pages.menu import CHAIN_PAGE, FIGURES_PAGE, LOST, SEARCH, STUCK
from journey.pages.visits import Visitor
from tests.support.journey.parked import values_of
from tests.support.journey.sample_pages import (
    CURSE,
    REFERENCE,
    case_page,
    chain_page,
    figure_page,
    figures_page,
    list_page,
)

PAGES = {
    "case.html": case_page,
    "list.html": list_page,
    "figures.html": figures_page,
    "figure.html": figure_page,
    "chain.html": chain_page,
}

PARKED = ("parked.html", "parked_record.html", "parked_many.html", "parked_decided.html")


def shown(template: str, curse: str = "", **values: Any) -> str:
    org = f"centre:NG-LOS{curse}"
    visitor = Visitor(
        f"operator{curse}", org, "NG", b"", f"token{curse}", (SEARCH, STUCK, LOST, FIGURES_PAGE, CHAIN_PAGE)
    )
    if template in PAGES:
        values.setdefault("page", PAGES[template](curse))
    if template in PARKED:
        values = {**values_of(template, curse), **values}
    return render(template, visitor=visitor, here="/pages/stuck", **values)


class Tags(HTMLParser):
    """Which elements a page has, with their attributes; void elements close themselves."""

    VOID = frozenset({"meta", "link", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), tag
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


ALL = [*PAGES, *PARKED, "search.html", "told.html"]
OTHERS: dict[str, dict[str, Any]] = {
    "search.html": {"asked": "", "nothing": ""},
    "told.html": {"title": "", "says": "", "remedy": "", "bad": True, "link": None, "instance": ""},
}


@pytest.mark.parametrize("template", ALL)
def test_html_in_any_field_shows_as_text(template: str) -> None:
    values = {name: CURSE if value == "" else value for name, value in OTHERS.get(template, {}).items()}
    page = shown(template, CURSE, **values)
    seen = Tags(page).seen
    assert "script" not in {tag for tag, _ in seen}
    assert not [tag for tag, attributes in seen if any(name.startswith("on") for name in attributes)]
    assert page.count("&lt;script&gt;") >= 3


@pytest.mark.parametrize("template", ALL)
def test_a_page_has_one_stylesheet_of_our_own_and_no_style_and_no_script(template: str) -> None:
    page = shown(template, **OTHERS.get(template, {}))
    seen = Tags(page).seen
    assert [attributes["href"] for tag, attributes in seen if tag == "link"] == ["/pages/style.css"]
    assert not {tag for tag, _ in seen} & {"script", "style", "iframe", "img", "object"}
    assert not [attributes for _, attributes in seen if "style" in attributes]
    assert "default-src 'none'" in HEADERS["Content-Security-Policy"]
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


@pytest.mark.parametrize("template", ALL)
def test_ids_are_there_once_and_whatever_names_one_finds_it(template: str) -> None:
    seen = Tags(shown(template, **OTHERS.get(template, {}))).seen
    ids = [attributes["id"] for _, attributes in seen if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in seen:
        for name in ("for", "aria-labelledby", "aria-describedby"):
            assert set((attributes.get(name) or "").split()) <= set(ids)
        href = attributes.get("href") or ""
        if href.startswith("#"):
            assert href[1:] in ids


@pytest.mark.parametrize("template", ALL)
def test_every_form_that_changes_something_carries_the_token_of_the_session(template: str) -> None:
    page = shown(template, **OTHERS.get(template, {}))
    for form in re.findall(r"<form.*?</form>", page, flags=re.DOTALL):
        if 'method="post"' in form:
            assert '<input type="hidden" name="form_token" value="token">' in form


def test_whatever_the_drawing_marks_stands_in_a_table_too() -> None:
    page = case_page()
    assert page.drawing is not None
    rows = {row.id for row in page.rows} | {each.id for each in page.deadlines}
    marks = [mark for lane in page.drawing.lanes for mark in lane.marks]
    assert {mark.target for mark in marks} <= rows
    assert sum(mark.count for mark in marks) == len(rows)


def test_a_list_says_by_which_deadline_each_case_is_late_where_deadlines_are_what_it_is_of() -> None:
    page = shown("list.html", page=list_page())
    assert '<td role="cell" data-label="Deadline"><bdi>first contact</bdi></td>' in page
    assert 'data-label="Deadline"><span class="soft">none</span>' in page
    assert 'data-label="Deadline"' not in shown("list.html", page=replace(list_page(), deadlines=False))


def test_what_is_not_known_is_said_and_nothing_is_guessed() -> None:
    text = shown("chain.html")
    assert "not told" in text
    assert "none yet" in text
    assert "not for a day" in text
    assert "No service has told what it reads." in shown("chain.html", page=replace(chain_page(), steps=()))
    assert "No case waits for anything." in shown("chain.html", page=replace(chain_page(), ages=()))
    assert "Not recorded yet: <bdi>K12</bdi>." in shown("figures.html")
    empty = replace(case_page(), rows=(), deadlines=(), drawing=None, reference="", country="", waiting=(), unknown=())
    assert "No event of this case is known." in shown("case.html", page=empty)
    assert "Nothing waits" in shown("list.html", page=replace(list_page(), items=()))


def test_a_case_is_named_by_its_reference_where_it_has_one() -> None:
    assert f"<title>Case {REFERENCE} " in shown("case.html")


def test_a_value_that_a_template_misses_is_an_error_and_no_empty_place() -> None:
    with pytest.raises(UndefinedError):
        render("told.html", visitor=None, here="", title="Only this")


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=20), "under 1 min"),
        (timedelta(minutes=5), "5 min"),
        (timedelta(hours=26), "1 d 2 h"),
        (timedelta(days=1, minutes=3), "1 d 3 min"),
        (timedelta(days=51, hours=7), "51 d"),
    ],
)
def test_a_length_of_time_is_told_in_its_two_largest_units(length: timedelta, words: str) -> None:
    assert span(length) == words


def test_the_stylesheet_knows_directions_by_logic_and_loads_nothing() -> None:
    text = (HERE / "style.css").read_text()
    assert not re.search(
        r"(margin|padding|border|inset)-(left|right)|\b(left|right):|float:|text-align: (left|right)", text
    )
    assert "url(" not in text
    assert "@import" not in text


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_at_least_that_of_wcag_aa(scheme: str) -> None:
    text = (HERE / "style.css").read_text()
    light, dark = re.findall(r":root \{(.*?)\}", text, flags=re.DOTALL)
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", light if scheme == "light" else dark))
    for ground in ("ground", "raised"):
        for name in ("text", "soft", "link", "good", "due", "bad"):
            assert _contrast(colours[name], colours[ground]) >= 4.5, (name, ground)
        for name in ("edge", "accent"):  # borders of fields, marks, focus: 3 to 1 (WCAG 1.4.11)
            assert _contrast(colours[name], colours[ground]) >= 3, (name, ground)
    for fill in ("accent", "good", "due", "bad"):  # the number in a mark
        assert _contrast(colours["on-accent"], colours[fill]) >= 4.5, fill
    assert _contrast(colours["accent"], colours["track"]) >= 3
