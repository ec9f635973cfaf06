"""The id of a new broker is one that Kafka's own tools accept as the value of an option."""

from __future__ import annotations

import uuid

import pytest

from deploy.local import kafka

LEADING_DASH = uuid.UUID(bytes=b"\xf8" + bytes(15))
PLAIN = uuid.UUID(bytes=bytes(16))


def test_an_id_that_would_look_like_an_option_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = iter([LEADING_DASH, LEADING_DASH, PLAIN])
    monkeypatch.setattr(kafka.uuid, "uuid4", lambda: next(draws))
    assert kafka.new_cluster_id() == "A" * 22
