"""What a message needs, by the fields in which it names it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from chassis.pure.needs import Linked, needs
from chassis.pure.states import Need


class Customer:
    """An aggregate."""


class Order:
    """Another one."""


@dataclass
class Moved:
    customer_id: UUID
    order_id: UUID


MESSAGE = Moved(UUID(int=1), UUID(int=2))


def test_each_field_names_one_aggregate_or_those_that_are_linked_to_it() -> None:
    wanted = needs(order_id=Order, customer_id=(Customer, Linked(Order)))
    assert list(wanted(MESSAGE)) == [
        Need(Order, MESSAGE.order_id),
        Need(Customer, MESSAGE.customer_id),
        Need(Order, MESSAGE.customer_id, linked=True),
    ]
    assert list(needs(customer_id=Linked(Order))(MESSAGE)) == [Need(Order, MESSAGE.customer_id, linked=True)]


def test_what_makes_something_new_needs_nothing() -> None:
    assert list(needs()(MESSAGE)) == []
