"""The event by which a service tells the outside of its database up to where its audit is sealed."""

from __future__ import annotations

from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import Field

from chassis.pure.messages import Event


class AuditSealed(Event, key="chain_id", data_class="none"):
    """The rows of this audit are sealed up to `number`, where the chain over them has this digest. Each service has an
    event of its own, beside what it tells of its operation: no partner needs it."""

    chain_id: UUID
    number: int = Field(ge=1)
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")


def chain_of(service: str) -> UUID:
    """The id of a service's chain, the same for ever."""
    return uuid5(NAMESPACE_URL, f"urn:ph:audit:{service}")
