"""What an operator sees of a parked record, and what stays hidden."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.operators.parked_display import (
    MAX_PATHS,
    OTHERWISE,
    fingerprint,
    masked,
    masked_headers,
    outline,
    printable,
    remedy,
)

CANARY = "Adaeze Canary"
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(CANARY),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", CANARY]), inner),
    max_leaves=20,
)


def test_the_outline_names_paths_and_kinds_but_no_values() -> None:
    payload = json.dumps({"case_id": "x" * 36, "name": CANARY, "ages": [31, None], "ok": True, "more": {}})
    assert outline(payload.encode()) == [
        "/case_id text of 36",
        "/name text of 13",
        "/ages/0 number",
        "/ages/1 null",
        "/ok boolean",
        "/more object of 0",
    ]


@given(DOCUMENTS)
def test_no_value_and_no_odd_name_reaches_the_outline(document: Any) -> None:
    assert CANARY not in "\n".join(outline(json.dumps(document).encode()))


@pytest.mark.parametrize("payload", [None, b"", b"not json", b"\xff\xfe", b"[" * 100_000])
def test_what_is_not_json_has_no_outline(payload: bytes | None) -> None:
    assert outline(payload) == []


def test_a_long_outline_is_cut() -> None:
    lines = outline(json.dumps(list(range(1000))).encode())
    assert len(lines) == MAX_PATHS + 1
    assert lines[-1] == "..."


def test_the_envelopes_headers_are_shown() -> None:
    headers = {
        "ce_type": "ph.training.CourseCompleted.v1",
        "ce_sequence": "3",
        "content-type": "application/json",
    }
    assert masked_headers(headers.items()) == list(headers.items())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-note", CANARY),
        ("ce_name", "Adaeze"),
        ("ce_subject", CANARY),
        ("ce_id", "x" * 201),
        ("ce_time", "\x1b[2J"),
    ],
)
def test_unknown_headers_and_odd_values_are_shown_by_length_only(name: str, value: str) -> None:
    assert masked_headers([(name, value)] * 2) == [(name, f"({len(value)} characters, not shown)")] * 2


def test_a_key_or_a_type_that_is_no_short_token_is_shown_by_length_only() -> None:
    for text in (None, "0190a0a0-0000-7000-8000-000000000001", "ph.training.CourseCompleted.v1"):
        assert masked(text) == text
    for text in (CANARY, "\x1b[2J", "x" * 201):
        assert masked(text) == f"({len(text)} characters, not shown)"


def test_escape_sequences_cannot_steer_the_terminal() -> None:
    assert printable("\x1b[2Jé\n\x9b\u202e") == "\\x1b[2Jé\\n\\x9b\\u202e"


def test_two_payloads_are_told_apart_by_their_fingerprint() -> None:
    assert fingerprint(None) == (0, None)
    assert fingerprint(b"abc") == (3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")


def test_every_failure_has_a_remedy_and_a_refusal_by_a_rule_the_general_one() -> None:
    assert "not JSON" in remedy("json_invalid")
    assert remedy("seat_taken") == OTHERWISE
