"""The access token of a sign-in: which answer of a provider has one, and who can take it out again."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from chassis.http.auth import MAX_LIFETIME_SECONDS, MAX_TOKEN_CHARS
from chassis.vault.boxes import Unopened
from journey.sign_in.access import UNSAID_SECONDS, Access, access_in, put_away, taken_out

TOKEN = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"
GOOD = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 600}


@pytest.mark.parametrize(
    ("change", "seconds"),
    [
        ({}, 600),
        ({"token_type": "bearer"}, 600),
        ({"expires_in": "3599"}, 3599),
        ({"expires_in": 3599.5}, 3599),
        ({"expires_in": 10**9}, MAX_LIFETIME_SECONDS),
    ],
)
def test_a_bearer_token_is_kept_for_as_long_as_it_is_good(change: dict[str, Any], seconds: int) -> None:
    assert access_in({**GOOD, **change}) == Access(TOKEN, seconds)


def test_one_of_which_nobody_says_how_long_it_is_good_is_kept_for_minutes() -> None:
    assert access_in({"access_token": TOKEN, "token_type": "Bearer"}) == Access(TOKEN, UNSAID_SECONDS)


@pytest.mark.parametrize(
    "change",
    [
        {"access_token": None},
        {"access_token": ""},
        {"access_token": 4711},
        {"access_token": f"{TOKEN}\r\nX-Other: header"},
        {"access_token": f"{TOKEN} two"},
        {"access_token": "x" * MAX_TOKEN_CHARS},
        {"token_type": "DPoP"},
        {"token_type": None},
        {"expires_in": 0},
        {"expires_in": -1},
        {"expires_in": "soon"},
        {"expires_in": True},
        {"expires_in": float("inf")},
        {"expires_in": float("nan")},
        {"expires_in": None},
    ],
)
def test_what_no_service_could_take_is_none(change: dict[str, Any]) -> None:
    assert access_in({**GOOD, **change}) is None


def test_a_box_opens_for_its_session_alone() -> None:
    box = put_away("of-this-session", Access(TOKEN, 600))
    assert taken_out("of-this-session", box) == TOKEN
    with pytest.raises(Unopened):
        taken_out("of-another-session", box)


def test_a_box_says_nothing_of_its_token() -> None:
    one, two = (put_away("of-this-session", Access(token, 600)) for token in (TOKEN, "short.one.x"))
    assert TOKEN not in one
    assert TOKEN.encode() not in base64.b64decode(one)
    assert len(one) == len(two)
    assert one != put_away("of-this-session", Access(TOKEN, 600))
    assert TOKEN not in repr(Access(TOKEN, 600))
