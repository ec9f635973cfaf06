"""Passwords are renewed in two steps, and whatever happens between them, the service is given the new one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from chaos.books import Journal
from chaos.faults import passwords
from chaos.faults.base import Scene
from chaos.faults.passwords import BrokerPassword, DatabasePassword

STEPS = {
    DatabasePassword: ["renewed", "begin", "end", "handed over"],
    BrokerPassword: ["begin", "renewed", "note", "cut", "handed over", "end"],
}


class Servers:
    """They take the new password, and tell in which order what happened."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.passwords: list[tuple[str, str]] = []
        self.journal = Journal(listener=lambda line: self.steps.append(line.split()[1].rstrip(":")))
        self.logins = self
        self.door = SimpleNamespace(reset=lambda: self.steps.append("cut"))

    async def in_thread(self, work: Callable[[], str]) -> str:
        return work()

    def renew_user(self, _service: str) -> str:
        self.steps.append("renewed")
        return "new"

    async def renew_role(self, service: str) -> str:
        return self.renew_user(service)

    def hand_over_user(self, service: str, password: str) -> None:
        self.steps.append("handed over")
        self.passwords.append((service, password))

    hand_over_role = hand_over_user


@pytest.mark.parametrize("fault", STEPS)
@pytest.mark.parametrize("cancelled", [False, True])
async def test_the_old_one_is_refused_first_and_the_new_one_comes_in_any_case(
    fault: type[Any], cancelled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = Servers()
    scene = Scene(cast("Any", world), *cast("Any", (None, None, None, None)), 1.0)
    monkeypatch.setattr(passwords, "SHUT_OUT", (0.05, 0.05))
    injecting = asyncio.create_task(fault().inject(scene, random.Random(1)))
    if cancelled:
        await asyncio.sleep(0.01)
        injecting.cancel()
    await asyncio.wait([injecting])
    assert injecting.cancelled() is cancelled
    assert world.steps == STEPS[fault]
    assert [password for _, password in world.passwords] == ["new"]
