"""Good requests are sent first, used up by their effect, spoiled in one place, and repeated with the same answer."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest

from fuzz.around import Around, content_of
from fuzz.spoiling import spoil

NAME = "POST /cases/{case_id}/journey/book"
DRAWN: dict[str, Any] = {"query": {}, "body": {"on": "nonsense"}}
DECLARED = frozenset({"idempotency-key", "if-match"})


def good(case_id: str, *, lasts: bool = False) -> dict[str, Any]:
    return {
        "path": {"case_id": case_id},
        "query": {},
        "headers": {"Authorization": "Bearer x"},
        "body": {"on": "2026-05-12", "transport": "unknown", "codes": ["a"], "count": 3},
        "lasts": lasts,
    }


def test_the_first_request_to_an_operation_is_good_and_has_a_key_of_its_own() -> None:
    around = Around({NAME: [good("1"), good("2")]}, seed=1)
    first = around.request(NAME, DRAWN, DECLARED)
    assert first is not None
    sent, expected = first
    assert expected.good
    assert sent["body"] == good("1")["body"]
    assert sent["headers"]["Idempotency-Key"]
    second = around.request(NAME, DRAWN, DECLARED)
    assert second is not None
    assert second[0]["headers"].get("Idempotency-Key") != sent["headers"]["Idempotency-Key"]


def test_an_operation_without_a_good_request_gets_none() -> None:
    assert Around({NAME: []}, seed=1).request(NAME, DRAWN, DECLARED) is None
    assert Around({}, seed=1).request(NAME, DRAWN, DECLARED) is None


def asked(around: Around, status: int, times: int) -> list[tuple[dict[str, Any], bool]]:
    found = []
    for _ in range(times):
        chosen = around.request(NAME, DRAWN, DECLARED)
        assert chosen is not None
        around.answered(*chosen, status, "{}")
        found.append((chosen[0], chosen[1].good))
    return found


def test_a_good_request_is_used_up_by_its_effect_and_spoiled_ones_go_on() -> None:
    met = asked(Around({NAME: [good("1")]}, seed=1), 200, 200)
    assert [is_good for _, is_good in met].count(True) == 1


def test_a_refused_request_and_one_that_lasts_are_good_again() -> None:
    for requests, status in (([good("1")], 409), ([good("1", lasts=True)], 200)):
        met = asked(Around({NAME: requests}, seed=1), status, 200)
        assert [is_good for _, is_good in met].count(True) > 1


def test_until_one_is_answered_with_2xx_about_every_other_request_is_good() -> None:
    around = Around({NAME: [good("1"), good("2")]}, seed=1)
    refused = [is_good for _, is_good in asked(around, 409, 100)]
    assert 35 < refused.count(True) < 65
    taken = [is_good for _, is_good in asked(around, 200, 100)]
    assert taken.count(True) < 20


def test_what_had_an_effect_is_repeated_and_the_same_answer_expected() -> None:
    around = Around({NAME: [good("1", lasts=True)]}, seed=1)
    answers: dict[str, str] = {}
    repeats = 0
    for number in range(300):
        chosen = around.request(NAME, DRAWN, DECLARED)
        assert chosen is not None
        sent, expected = chosen
        key = sent["headers"]["Idempotency-Key"]
        if expected.answer is not None:
            assert answers[key] == expected.answer
            repeats += 1
        elif expected.good:
            answers[key] = f"answer {number}"
            around.answered(sent, expected, 200, answers[key])
    assert repeats > 3


@pytest.mark.parametrize("seed", range(300))
def test_one_thing_is_changed_and_the_good_request_stays(seed: int) -> None:
    before = good("1")
    keep = copy.deepcopy(before)
    sent = spoil(before, DRAWN, DECLARED, random.Random(seed))
    assert before == keep
    differing = [name for name in ("path", "headers", "query") if sent[name] != keep[name]]
    if "content" in sent or sent.get("body") != keep["body"]:
        differing.append("body")
    assert len(differing) <= 1  # what was drawn may be what was there
    body = sent.get("body")
    if isinstance(body, dict) and set(body) & set(keep["body"]):  # else another one is in its place
        fields = {*keep["body"], *body}
        assert sum(body.get(name, "-") != keep["body"].get(name, "-") for name in fields) <= 1
    if content := content_of(sent):
        assert content.decode()


def test_every_way_to_spoil_is_taken() -> None:
    ways = set()
    for seed in range(400):
        sent = spoil(good("1"), {"query": {"limit": 5}, "body": {"on": 7}}, DECLARED, random.Random(seed))
        ways |= {name for name in ("path", "query", "body") if sent.get(name) != good("1")[name]}
        ways |= set(sent["headers"]) - {"Authorization"}
        ways |= {"text"} if "content" in sent else set()
    assert ways >= {"path", "query", "body", "If-Match", "Idempotency-Key", "Content-Type", "text"}


def test_a_cursor_is_made_up_garbled_or_that_of_another_list() -> None:
    page = {"path": {}, "query": {"cursor": "WyJhIl0"}, "headers": {}, "body": None, "cursors": ["of another"]}
    drawn: dict[str, Any] = {"query": {}, "body": None}
    met = {spoil(page, drawn, frozenset(), random.Random(seed))["query"].get("cursor") for seed in range(2000)}
    assert {"of another", "e30", "WyJhIl0", "AyJhIl0"} <= met


def test_text_that_no_library_writes_is_sent_as_it_is() -> None:
    texts = {
        str(sent["content"])
        for seed in range(3000)
        if "content" in (sent := spoil(good("1"), DRAWN, DECLARED, random.Random(seed)))
    }
    assert any('"a": 1, "a": 2' in text for text in texts), "the same name twice"
    assert any("\\ud800" in text for text in texts), "half of a pair of surrogates"
    assert any("[" * 9000 in text for text in texts), "deep nesting"
    assert any("1" + "0" * 5000 in text for text in texts), "a huge number"
