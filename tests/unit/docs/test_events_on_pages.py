"""The section "Events" of every service's README names what the service publishes, and what it reads."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.contract.catalogue import ROOT, registry
from tests.support.services import ALL

NAMES = {event.__name__ for event in registry().values()}


def named(page: str) -> tuple[set[str], set[str]]:
    """Events of the paragraph that begins with "Out", and of the table below "In" without its column of reactions."""
    section = page.partition("\n## Events\n")[2].partition("\n## ")[0]
    out, into = re.split(r"\nIn\b", section, maxsplit=1)
    rows = [row.rsplit("|", 2)[0] for row in into.splitlines() if row.startswith("|")]
    return events(out), events(" ".join(rows))


def events(text: str) -> set[str]:
    return NAMES & set(re.findall(r"\w+", text))


@pytest.mark.parametrize("service", ALL, ids=lambda service: str(service.name))
def test_a_page_names_every_event_that_its_service_publishes_or_reads_and_no_other(service: Any) -> None:
    published, read = named((ROOT / "services" / service.name / "README.md").read_text(encoding="utf-8"))
    assert published == {event.__name__ for event in registry().values() if event.service == service.name}
    assert read == {contract.type.split(".")[2] for contract in service.consumers}


def test_the_judge_of_pages_tells_out_from_in() -> None:
    page = "## Events\n\nOut: `CaseOpened`.\n\nIn:\n\n| JobOffered | as CaseOpened |\n\n## Else\nNeedsAssessed"
    assert named(f"# A page\n\n{page}") == ({"CaseOpened"}, {"JobOffered"})
