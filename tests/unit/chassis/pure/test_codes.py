"""Days and times in bodies and events: written out, and within the programme's time."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from chassis.pure.codes import Day, Instant

DAY: TypeAdapter[object] = TypeAdapter(Day)
TIME: TypeAdapter[object] = TypeAdapter(Instant)


@pytest.mark.parametrize(
    "value", ["1772409600", 1772409600, 1772409600.5, "2026-3-2", "2026-03-02T00:00:00", "1900-01-01", "2101-01-01"]
)
def test_a_day_that_is_not_written_out_or_not_plausible_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        DAY.validate_python(value)


@pytest.mark.parametrize(
    "value",
    [
        "1772409600",
        1772409600,
        "2026-03-02T09:00:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "1900-01-01T00:00:00Z",
    ],
)
def test_a_time_that_is_not_written_out_without_offset_or_not_plausible_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        TIME.validate_python(value)


def test_what_is_written_out_is_taken_and_times_are_kept_in_utc() -> None:
    assert str(DAY.validate_python("2026-03-02")) == "2026-03-02"
    assert str(TIME.validate_python("2026-03-02T09:00:00+02:00")) == "2026-03-02 07:00:00+00:00"
