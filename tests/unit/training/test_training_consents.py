"""Whom a consent lets enrol a person, for what, and until when."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tests.support.training.world import ELEC, PAINT, World, done, in_days, refused


@pytest.mark.parametrize(
    ("recipients", "until", "covered"),
    [
        ((PAINT,), date(2028, 1, 1), True),
        (("country:DE",), date(2028, 1, 1), True),
        ((ELEC, PAINT), in_days(18), True),
        ((PAINT,), in_days(17), False),
        ((ELEC,), date(2028, 1, 1), False),
        (("country:NG",), date(2028, 1, 1), False),
    ],
)
def test_a_consent_must_hold_for_the_provider_to_the_last_day(
    recipients: tuple[str, ...], until: date, covered: bool
) -> None:
    world = World()
    world.opened("amina")
    world.granted("amina", *recipients, until=until)
    outcome = world.request("amina", world.scheduled())
    if covered:
        done(outcome)
    else:
        assert refused(outcome).code == "consent_missing"


LAST_DAY = date(2026, 3, 20)
"""Of the consent; on it and on the next day there are courses of a day."""
SIGNED_IN = {
    "Germany": datetime(2026, 3, 20, 23, tzinfo=UTC),
    "Nigeria": datetime(2026, 3, 20, 23, tzinfo=UTC),
    "The Gambia": datetime(2026, 3, 21, 0, tzinfo=UTC),
    "Pakistan": datetime(2026, 3, 20, 19, tzinfo=UTC),
}
"""When the last day is over, by the country in which the consent was signed."""


@pytest.mark.parametrize(
    ("expires_at", "covered"),
    [
        (None, True),  # an event from before there was the field: signed in Germany
        (SIGNED_IN["Germany"], True),
        (SIGNED_IN["Nigeria"], True),
        (SIGNED_IN["The Gambia"], True),
        (SIGNED_IN["Pakistan"], False),
    ],
)
def test_the_last_day_of_a_consent_ends_where_it_was_signed(expires_at: datetime | None, covered: bool) -> None:
    world = World()
    world.opened("amina")
    world.granted("amina", until=LAST_DAY, expires_at=expires_at)
    on_the_day = world.scheduled(starts_on=LAST_DAY, ends_on=LAST_DAY)
    day_before = world.scheduled(starts_on=in_days(17), ends_on=in_days(17))
    day_after = world.scheduled(starts_on=in_days(19), ends_on=in_days(19))
    done(world.request("amina", day_before))
    assert refused(world.request("amina", day_after)).code == "consent_missing"
    if covered:
        done(world.request("amina", on_the_day))
    else:
        assert refused(world.request("amina", on_the_day)).code == "consent_missing"


@pytest.mark.parametrize("expires_at", [None, SIGNED_IN["Germany"]])
def test_half_past_midnight_in_germany_is_too_late_for_a_consent_that_was_signed_there(
    expires_at: datetime | None,
) -> None:
    world = World()
    world.opened("amina")
    world.granted("amina", until=LAST_DAY, expires_at=expires_at)
    on_the_day = world.scheduled(starts_on=LAST_DAY, ends_on=LAST_DAY)
    day_after = world.scheduled(starts_on=in_days(19), ends_on=in_days(19))
    world.service.now = datetime(2026, 3, 20, 22, 30, tzinfo=UTC)
    done(world.request("amina", on_the_day))
    world.service.now = datetime(2026, 3, 20, 23, 30, tzinfo=UTC)  # still LAST_DAY in UTC
    assert refused(world.request("amina", day_after)).code == "consent_missing"


@pytest.mark.parametrize("purpose", ["referral", "matching", "presentation"])
def test_a_consent_for_something_else_is_none_for_training(purpose: str) -> None:
    world = World()
    world.opened("amina")
    world.granted("amina", purpose=purpose)
    assert refused(world.request("amina", world.scheduled())).code == "consent_missing"


def test_a_withdrawal_that_is_told_before_its_consent_holds() -> None:
    world = World()
    world.opened("amina")
    world.consent_withdrawn("amina", "x")
    world.granted("amina", consent="x")
    assert refused(world.request("amina", world.scheduled())).code == "consent_missing"
    world.granted("amina", consent="y")
    done(world.request("amina", world.scheduled()))
