"""The pages over what journey has read: every example of every event, as it stands in its topic."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest

from chassis.runtime import loops
from chassis.settings import ROOT
from journey.app import SERVICE
from journey.domain.journey import Stage
from journey.figures.catalogue import FIGURES
from tests.support.cluster import Cluster
from tests.support.journey.signing_in import Signing
from tests.support.journey.site import Site, opened
from tests.support.records import FakeRecord
from tests.support.web import problem

TOPICS = {
    "ph.referral.CountrySwitched.v1": "ph.reference.v1",
    "ph.referral.ProfileKeyShared.v1": "ph.referral.keys.v1",
    "ph.referral.ProfileKeyRevoked.v1": "ph.referral.keys.v1",
}
OPENED = "ph.referral.CaseOpened.v1"


def examples() -> list[dict[str, Any]]:
    files = sorted((ROOT / "schemas" / "examples").glob("*/*.json"))
    return [json.loads(path.read_text()) for path in files if path.parent.name != "journey"]


def published(each: dict[str, Any], offset: int) -> FakeRecord:
    type_ = each["headers"]["ce_type"]
    topic = TOPICS.get(type_, f"ph.{type_.split('.')[1]}.v1")
    headers = [(name, text.encode()) for name, text in each["headers"].items()]
    return FakeRecord(topic, 0, offset, each["key"].encode(), json.dumps(each["value"]).encode(), headers)


@pytest.fixture
async def site(cluster: Cluster, journey_template: str, tmp_path: Path) -> AsyncIterator[Site]:
    async with opened(cluster, journey_template, Signing(tmp_path), known=True) as site:
        told = [each for each in examples() if ".operations" not in each["headers"].get("ce_dataschema", "")]
        await site.dispatcher.handle([published(each, offset) for offset, each in enumerate(told)])
        yield site


async def test_a_case_is_found_by_its_reference_and_shown_with_all_that_was_told_of_it(site: Site) -> None:
    case_opened = next(each["value"] for each in examples() if each["headers"]["ce_type"] == OPENED)
    browser = site.browser()
    await browser.sign_in()
    found = await browser.send("/pages/search", "/pages/search", case=case_opened["case_ref"])
    assert found.headers["location"] == f"/pages/cases/{case_opened['case_id']}"
    page = await browser.get(found.headers["location"])
    assert page.status_code == 200
    assert case_opened["case_ref"] in page.text
    rows = await site.pool.fetchval("select count(*) from ledger where case_id::text = $1", case_opened["case_id"])
    assert len(re.findall(r'id="e[0-9]+"', page.text)) == rows > 5
    assert "has not told how far it has read" in page.text


@pytest.mark.parametrize("path", ["/pages/stuck", "/pages/lost", "/pages/chain", "/pages/stuck?country=NG&type=plan"])
async def test_an_operator_sees_what_waits_and_how_the_services_stand(site: Site, path: str) -> None:
    browser = site.browser()
    await browser.sign_in()
    assert (await browser.get(path)).status_code == 200
    refused = await browser.get("/pages/stuck?cursor=made-up")
    assert (refused.status_code, "cursor" in refused.text.lower()) == (422, True)


async def test_a_worker_shows_how_long_a_case_in_each_stage_has_waited_at_most(site: Site) -> None:
    await loops.count(site.pool, site.clock, site.metrics, SERVICE.watched)
    shown = {each.what: site.metrics.watched.labels(each.what)._value.get() for each in SERVICE.watched}
    waits = await site.pool.fetch("select stage, min(since) as since from journey_wait group by stage")
    now = site.clock.now()
    longest = {f"{each['stage']}_waits_seconds": (now - each["since"]).total_seconds() for each in waits}
    assert longest
    known = {what: each for what, each in shown.items() if what.endswith("_waits_seconds")}
    assert known == pytest.approx(dict.fromkeys(known, 0.0) | longest, abs=60)
    for stage in get_args(Stage):
        of_stage = [
            now - each["since"]
            for each in await site.pool.fetch("select since, stage from journey_wait")
            if each["stage"] == stage
        ]
        assert shown[f"{stage}_waits"] == len(of_stage)
        half = shown[f"{stage}_half_wait_seconds"]
        longer = sum(each.total_seconds() >= half - 60 for each in of_stage)
        assert 2 * longer >= len(of_stage), "at least half of them"
        assert 2 * sum(each.total_seconds() > half + 60 for each in of_stage) <= len(of_stage)


async def test_the_programme_sees_every_figure_with_its_definition_and_who_still_waits(site: Site) -> None:
    browser = site.browser()
    await browser.sign_in("programme_manager", "programme:desk", to="/pages/figures")
    page = (await browser.get("/pages/figures")).text
    for figure in FIGURES.values():
        assert f'href="/pages/figures/{figure.id}"' in page
        assert (await browser.get(f"/pages/figures/{figure.id}")).status_code == 200, figure.id
    of_country = await browser.get("/pages/figures?country=NG")
    assert (of_country.status_code, "Not told per country" in of_country.text) == (200, True)
    assert (await browser.get("/pages/waiting")).status_code == 200


async def test_an_organisation_that_has_nothing_to_do_with_a_case_is_told_that_there_is_none(site: Site) -> None:
    case_opened = next(each["value"] for each in examples() if each["headers"]["ce_type"] == OPENED)
    browser = site.browser()
    await browser.sign_in("scout", "scouts:elsewhere")
    answer = await browser.get(f"/pages/cases/{case_opened['case_id']}")
    assert (answer.status_code, case_opened["case_ref"] in answer.text) == (404, False)
    found = await browser.send("/pages/search", "/pages/search", case=case_opened["case_ref"])
    assert found.status_code == 404
    scout = {"roles": ["scout"], "org": "scouts:elsewhere"}
    for asked in (case_opened["case_id"], case_opened["case_ref"]):
        problem(await site.ask("GET", f"/cases/{asked}", scout), 404, "case_not_found")
    rows = await site.pool.fetch("select action, subjects, outcome from audit order by id")
    refused = ([UUID(case_opened["case_id"])], "refused:case_not_found")
    assert [tuple(row) for row in rows] == [
        (action, *refused) for action in ("case", "find_case", "trace_case", "trace_case")
    ], "whoever tries cases is seen by the case that they have tried, also if they tried its reference"


async def test_the_persons_other_case_is_shown_to_who_may_see_it_by_itself(site: Site) -> None:
    [of_desk] = [each["value"] for each in examples() if each["headers"]["ce_type"] == OPENED]
    [told] = [each for each in examples() if each["headers"]["ce_type"] == "ph.counselling.CasesLinked.v1"]
    case, there = of_desk["case_id"], told["key"]
    counselling = (
        each for each in examples() if ".counselling." in each["headers"]["ce_type"] and each["key"] == there
    )
    last = max(int(each["headers"]["ce_sequence"]) for each in counselling)
    headers = {**told["headers"], "ce_id": str(uuid4()), "ce_sequence": str(last + 1)}
    linked = {**told, "headers": headers, "value": {**told["value"], "same_as": case}}
    await site.dispatcher.handle([published(linked, 100_000)])
    operator, desk = {"roles": ["operator"], "org": "programme:operations"}, of_desk["opened_by"]
    for one, other in ((case, there), (there, case)):
        shown = (await site.ask("GET", f"/cases/{one}", operator)).json()["same_person"]
        assert [each["case_id"] for each in shown] == [other]
        assert shown[0]["case_ref"] is not None
    subjects = await site.pool.fetchval("select subjects from audit where action = 'trace_case' order by id limit 1")
    assert set(subjects) == {UUID(case), UUID(there)}
    scout = (await site.ask("GET", f"/cases/{case}", {"roles": ["scout"], "org": desk})).json()
    assert (scout["case_id"], scout["same_person"]) == (case, []), "a link opens no case"
    browser = site.browser()
    await browser.sign_in()
    assert f'href="/pages/cases/{there}"' in (await browser.get(f"/pages/cases/{case}")).text
