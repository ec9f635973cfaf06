"""No table with wrapped data keys is forgotten, and one key that does not open holds up no other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

import pytest

from chassis.pure.sealing import VaultError, WrappedKey, all_rewrapped, holds_keys
from chassis.service import Service
from tests.support.keys import line, vault_of
from tests.support.services import ALL

SUBJECT = UUID(int=5)
OLD = vault_of(line("first", 1))
LOST = vault_of(line("lost", 7))
BOTH = vault_of(line("first", 1), line("second", 2, "2026-01-01T00:00:00Z"))


@dataclass(frozen=True)
class Part:
    key: WrappedKey | None = None


@dataclass(frozen=True)
class Deep:
    id: UUID
    parts: Mapping[str, tuple[Part, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Plain:
    id: UUID
    key: str = ""
    names: tuple[str, ...] = ()


def test_a_key_is_seen_however_deep_it_lies() -> None:
    assert holds_keys(Deep)
    assert not holds_keys(Plain)


@pytest.mark.parametrize("service", [each for each in ALL if each.wrapped], ids=lambda each: each.name)
def test_a_service_that_forgets_a_table_with_keys_does_not_start(service: Service) -> None:
    for forgotten in {each.state for each in service.wrapped}:
        left = tuple(each for each in service.wrapped if each.state is not forgotten)
        with pytest.raises(ValueError, match=f"WrappedKey.*{forgotten.__name__}"):
            replace(service, wrapped=left)


def test_each_table_that_is_named_is_asked() -> None:
    for service in ALL:
        tables = {kind.state: kind.table for kind in service.kinds}
        for each in service.wrapped:
            assert re.search(rf"\bfrom {tables[each.state]}\b", each.find)


def test_what_does_not_open_stays_and_the_others_come_to_the_generation_that_seals() -> None:
    keys = {part: (part, OLD.seal(SUBJECT, part, {}).key) for part in ("identity", "contact")}
    keys["care"] = ("care", LOST.seal(SUBJECT, "care", {}).key)
    after = all_rewrapped(BOTH, SUBJECT, keys)
    generations = {part: key.partition(":")[0] for part, key in after.items()}
    assert generations == {"identity": "second", "contact": "second", "care": "lost"}
    assert after["care"] == keys["care"][1]


def test_where_nothing_else_is_left_to_do_what_does_not_open_is_told() -> None:
    keys = {"care": ("care", LOST.seal(SUBJECT, "care", {}).key), "new": ("new", BOTH.seal(SUBJECT, "new", {}).key)}
    with pytest.raises(VaultError, match="'lost'"):
        all_rewrapped(BOTH, SUBJECT, keys)
    assert all_rewrapped(BOTH, uuid4(), {}) == {}
