"""A token that was good before: its signature is not checked again, everything that can have changed is."""

from __future__ import annotations

import time
from typing import Any

import pytest
from joserfc import jws

from chassis.http.auth import Authenticator
from chassis.http.jwks import KeyCache
from chassis.http.problems import Problem
from tests.support.issuer import AUDIENCE, ISSUER, Issuer

ISSUING = Issuer()


class Clock:
    """Keys that are renewed at each look, and a time that moves."""

    def __init__(self) -> None:
        self.now = time.time()
        self.jwks = ISSUING.jwks()
        keys = KeyCache(lambda: self.jwks, renew_after=0, cooldown=0)
        self.authenticator = Authenticator(ISSUER, AUDIENCE, "unused", keys=keys, now=lambda: self.now)

    async def asks_twice(self, between: Any) -> list[str]:
        header, answers = f"Bearer {ISSUING.token()}", []
        for act in (lambda: None, between):
            act()
            try:
                answers.append((await self.authenticator.authenticate(header)).subject)
            except Problem as problem:
                answers.append(problem.detail)
        return answers


async def test_a_token_that_was_good_is_refused_once_it_has_expired() -> None:
    clock = Clock()
    answers = await clock.asks_twice(lambda: setattr(clock, "now", clock.now + 36_000))
    assert answers == ["user-4711", "The token has expired."]


async def test_a_token_that_was_good_is_refused_if_the_clock_is_set_back_to_before_it() -> None:
    clock = Clock()
    answers = await clock.asks_twice(lambda: setattr(clock, "now", clock.now - 36_000))
    assert answers == ["user-4711", "The token was issued in the future."]


async def test_a_token_that_was_good_is_refused_once_its_key_is_withdrawn() -> None:
    clock = Clock()

    def withdraw() -> None:
        clock.jwks = ISSUING.jwks(ISSUING.p256)
        clock.authenticator._keys._read_at = float("-inf")

    answers = await clock.asks_twice(withdraw)
    assert answers == ["user-4711", "The token is signed with a key that the issuer does not publish."]


async def test_a_signature_is_checked_once_for_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = []
    validate = jws.validate_compact
    monkeypatch.setattr(
        "chassis.http.auth.jws.validate_compact", lambda *a, **k: (checks.append(1), validate(*a, **k))[1]
    )
    authenticator = Authenticator(ISSUER, AUDIENCE, "unused", keys=KeyCache(ISSUING.jwks))
    header = f"Bearer {ISSUING.token()}"
    assert await authenticator.authenticate(header) == await authenticator.authenticate(header)
    assert len(checks) == 1
    assert all(header.removeprefix("Bearer ") not in repr(each) for each in authenticator._proofs.items())
