"""What the services tell of themselves, as the trace of a case shows it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from chassis.pure.operations import reader_of
from chassis.pure.states import Kind, States
from journey.domain.consumption import Handled, Mishap, Place, Reader, Step, mishap_id
from journey.views.beside import beside
from tests.support.memory import NOW
from tests.unit.journey.test_trace import row

KINDS = (Kind(Reader, "reader"), Kind(Handled, "handled"), Kind(Mishap, "mishap"))


class Documents:
    """These documents, and what journey itself reads next of the topic of referral."""

    def __init__(self, *states: Any, own: int = 40) -> None:
        self._states = States(KINDS)
        for each in states:
            self._states.put(each)
        self._own = own
        self.pool = self

    async def states(self, _needs: Any) -> States:
        return self._states

    @asynccontextmanager
    async def acquire(self, **_: Any) -> Any:
        yield self

    async def fetch(self, query: str, *_: Any) -> list[dict[str, Any]]:
        if "progress" not in query:
            return []
        return [{"topic": "ph.referral.v1", "partition": 0, "next_offset": self._own, "now": NOW}]


def reader(service: str, *places: Place) -> Reader:
    return Reader(reader_of(service), service, NOW, places=places)


async def test_a_record_that_went_wrong_is_told_with_all_that_became_of_it() -> None:
    record = row("ph.referral.ReturneeReferred.v1", record_offset=7)
    place, key = Place(*record.place), reader_of("placement")
    steps = (
        Step(0, "parked", NOW, "unknown_code", 1),
        Step(0, "retried", NOW + timedelta(minutes=5), "unknown_code", 1),
        Step(0, "handled", NOW + timedelta(minutes=6), "unknown_code", 2),
    )
    mishap = Mishap(mishap_id(key, place), key, "placement", *place, steps)
    found = await beside(Documents(reader("placement", Place("ph.referral.v1", 0, 9)), mishap), [record])  # type: ignore[arg-type]
    assert [(each.service, each.what) for each in found.readers[place]] == [("placement", "handled")]
    assert [each.what for each in found.happenings[place]] == ["parked", "retried", "handled"]


async def test_a_service_reads_the_topics_that_it_reports_on() -> None:
    record = row("ph.referral.CaseOpened.v1", record_offset=7)
    told = Documents(reader("placement", Place("ph.referral.v1", 0, 5)), reader("training", Place("ph.other.v1", 0, 5)))
    found = await beside(told, [record])  # type: ignore[arg-type]
    assert [(each.service, each.what) for each in found.readers[record.place]] == [("placement", "not_yet")]
    assert found.happenings == {}
    assert found.reports.keys() == {"placement", "training"}


async def test_what_others_have_read_and_journey_has_not_is_counted_by_topic() -> None:
    ahead = Documents(
        reader("placement", Place("ph.referral.v1", 0, 52)), reader("training", Place("ph.referral.v1", 0, 45))
    )
    assert (await beside(ahead, [])).behind == {"ph.referral.v1": 12}  # type: ignore[arg-type]
    even = Documents(reader("placement", Place("ph.referral.v1", 0, 40)))
    assert (await beside(even, [])).behind == {}  # type: ignore[arg-type]
