"""Journey tells nothing of any case: only up to where its own audit is sealed."""

from __future__ import annotations

from chassis.pure import audit
from chassis.pure.messages import Event


class AuditSealed(audit.AuditSealed, service="journey"):
    """The audit of this service is sealed up to here; told once an hour."""


EVENTS: tuple[type[Event], ...] = (AuditSealed,)
