"""Which aggregates a message needs, by the fields in which it names them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from chassis.pure.states import Need


class Linked(NamedTuple):
    """Every aggregate of this type that is linked to the id."""

    state: type[Any]


Wanted = type[Any] | Linked


def needs(**fields: Wanted | tuple[Wanted, ...]) -> Callable[[Any], Iterable[Need]]:
    """What a `Handler` needs: per field of its message, the aggregate with that id, or those that are `Linked` to it.

    `needs(customer_id=(Customer, Linked(Order)), voucher_id=Voucher)`; `needs()` is nothing, for what makes a new one.
    """
    parts = [
        (field, each.state if isinstance(each, Linked) else each, isinstance(each, Linked))
        for field, wanted in fields.items()
        for each in ((wanted,) if isinstance(wanted, type | Linked) else wanted)
    ]
    return lambda message: [Need(state, getattr(message, field), linked) for field, state, linked in parts]
