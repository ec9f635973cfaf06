"""The page for people who try the API: it has a field for tokens, and loads nothing from elsewhere."""

from __future__ import annotations

import re

import pytest

from tests.support.notes import make_app
from tests.support.web import ask

APP = make_app()


def policy() -> dict[str, set[str]]:
    header = ask(APP, "GET", "/docs").headers["content-security-policy"]
    return {name: set(values) for name, *values in (each.split() for each in header.split(";"))}


def test_the_page_names_no_other_host_and_runs_no_script_of_its_own() -> None:
    page = ask(APP, "GET", "/docs")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "//" not in page.text
    assert re.findall(r"<script[^>]*>[^<]+", page.text) == []
    assert "Notes" in page.text


def test_all_that_the_page_loads_is_there() -> None:
    loaded = re.findall(r'(?:src|href)="([^"]+)"', ask(APP, "GET", "/docs").text)
    assert len(loaded) == 4
    for each in loaded:
        answer = ask(APP, "GET", f"/{each}")
        assert answer.status_code == 200
        assert len(answer.content) > 100
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert '"openapi.json"' in ask(APP, "GET", "/docs/start.js").text


@pytest.mark.parametrize("what", ["script-src", "connect-src"])
def test_a_browser_runs_scripts_of_this_service_only_and_talks_to_nobody_else(what: str) -> None:
    assert policy()[what] == {"'self'"}


def test_what_is_not_named_is_not_allowed_nor_may_another_page_frame_this_one() -> None:
    for what in ("default-src", "base-uri", "form-action", "frame-ancestors"):
        assert policy()[what] == {"'none'"}


def test_no_other_file_of_the_package_is_served() -> None:
    for name in ("redoc.standalone.js", "..%2f__init__.py", "../core.py"):
        assert ask(APP, "GET", f"/docs/{name}").status_code == 404
