"""What services tell of their operation, taken in: how far each has read by when, and what became of parked records.

All of a service comes under one key, so in one order.
"""

from __future__ import annotations

from collections.abc import Iterable

from chassis.pure.decision import NOTHING, Context, Decision, Handler
from chassis.pure.messages import Contract
from chassis.pure.states import Need, States
from journey.contracts.operations import ProgressContract, RecordContract
from journey.domain.consumption import (
    Handled,
    Mishap,
    Place,
    Reader,
    Sample,
    Step,
    handled_id,
    mishap_id,
    read_on,
    reported,
    stepped,
)


def heard(contract: type[Contract]) -> Handler:
    """The reaction to an event of operation."""
    return _PROGRESS if issubclass(contract, ProgressContract) else _RECORD


def _place(message: RecordContract) -> Place:
    return Place(message.record_topic, message.record_partition, message.record_offset)


def _needs_of_record(message: RecordContract) -> Iterable[Need]:
    return Need(Reader, message.reader_id), Need(Mishap, mishap_id(message.reader_id, _place(message)))


def _record(states: States, event: RecordContract, context: Context) -> Decision:
    place, reader = _place(event), states.get(Reader, event.reader_id)
    id_ = mishap_id(event.reader_id, place)
    mishap = states.get(Mishap, id_) or Mishap(id_, event.reader_id, event.service, *place)
    era = 0 if reader is None else reader.era
    step = Step(era, event.change, context.occurred_at, event.failure, event.attempt)
    return Decision((stepped(mishap, step),))


def _read(message: ProgressContract) -> list[Place]:
    return [Place(each.topic, each.partition, each.next_offset) for each in message.places]


def _last_handled(place: Place) -> Place:
    return place._replace(offset=place.offset - 1)


def _needs_of_progress(message: ProgressContract) -> Iterable[Need]:
    stretches = (handled_id(message.reader_id, _last_handled(place)) for place in _read(message) if place.offset)
    return Need(Reader, message.reader_id), *(Need(Handled, each) for each in stretches)


def _progress(states: States, event: ProgressContract, context: Context) -> Decision:
    at, places = context.occurred_at, _read(event)
    known = states.get(Reader, event.reader_id) or Reader(event.reader_id, event.service, at)
    reader = reported(
        known,
        at,
        places,
        parked=event.parked,
        outbox_oldest_seconds=event.outbox_oldest_seconds,
        restored=event.restored,
    )
    moved: list[Handled] = []
    for place in places:
        if not place.offset or (known.next_offset(place) == place.offset and not event.restored):
            continue
        id_ = handled_id(reader.id, _last_handled(place))
        stretch = states.get(Handled, id_) or Handled(id_, reader.id, place.topic, place.partition)
        moved.append(read_on(stretch, Sample(reader.era, place.offset, at)))
    return NOTHING._replace(states=(reader, *moved))


_RECORD = Handler(_needs_of_record, _record)
_PROGRESS = Handler(_needs_of_progress, _progress)
