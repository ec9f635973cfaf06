"""What of a service runs in a test logs in where the broker asks for it, and may do what a service may."""

from __future__ import annotations

import pytest
from aiokafka.errors import TopicAuthorizationFailedError

from chassis.kafka.clients import new_consumer
from chassis.settings import KafkaSettings
from tests.support import logins
from tests.support.brokers import Broker
from tests.support.logins import USER
from tests.support.secured import Secured


async def test_where_a_broker_asks_for_a_login_they_come_as_a_user_with_the_rights_of_a_service(
    secured: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logins, "_doors", {})
    open_door = secured.kafka.bootstrap
    assert logins.settings_for(open_door) == KafkaSettings(bootstrap_servers=open_door)
    logins.make(secured)
    settings = logins.settings_for(open_door)
    assert (settings.bootstrap_servers, settings.username) == (secured.kafka.door, USER)
    for topic in ("ph.of-tests.v1", "strange.of-tests.v1"):
        await Broker(open_door).create_topic(topic)
    assert await secured.writes(USER, "ph.of-tests.v1") == "yes"
    assert await secured.reads(USER, "ph.of-tests.v1", f"{USER}-1") == "yes"
    assert await secured.reads(USER, "ph.of-tests.v1", "another") == "GroupAuthorizationFailedError"
    assert await secured.writes(USER, "strange.of-tests.v1") == TopicAuthorizationFailedError.__name__
    async with new_consumer(settings) as consumer:
        assert "ph.of-tests.v1" in await consumer.topics()
