"""Resources: what GET shows, and what `If-Match` holds a command to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from chassis.pure.answers import Answer, changed_since
from chassis.pure.decision import Context, Refused
from chassis.pure.states import Need, States

WEAK = Refused(
    code="if_match_weak",
    detail="If-Match has weak tags only, which are equal to nothing.",
    remedy="Send the ETag as the service gave it; a proxy that compresses answers may have weakened it.",
    field="If-Match",
    status=412,
)
UNSHOWN = Refused(
    code="if_match_unshown",
    detail="This is not there, or you are not shown it: no tag of yours is of what it is now.",
    remedy="Leave If-Match out, or send it with what you can read.",
    field="If-Match",
    status=412,
)
"""What the command itself refuses its caller goes before this: nobody is told another reason because of an If-Match."""
FOREIGN = Refused(
    code="if_match_foreign",
    detail="If-Match has no tag of this: it is of something else, or from before a release.",
    remedy="Send the ETag that GET gives for the very address of this request.",
    field="If-Match",
    status=412,
)
ANY = "*"
"""`If-Match: *`: whatever it is, if only it is there."""


def _nothing(_states: States, _id: UUID) -> Iterable[Need]:
    return ()


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing that can be read: the aggregates it is made of, and what one caller may see of them.

    `show` is pure and is the same for GET, without locks, and for a command's `If-Match`, under the command's locks.
    `beside` names more aggregates that `show` looks at, where only the first ones tell which: an order's customers.
    They are never locked: a command decides on nothing that they hold.
    """

    needs: Callable[[UUID], Iterable[Need]]
    show: Callable[[States, UUID, Context], Answer | Refused]
    beside: Callable[[States, UUID], Iterable[Need]] = _nothing

    @property
    def has_beside(self) -> bool:
        """Whether `beside` names anything at all."""
        return self.beside is not _nothing


@dataclass(frozen=True, slots=True)
class Seen:
    """What a caller has seen of a resource when it decided on its command: one of these tags must still be true.

    Without a tag nothing is: the caller sent weak ones only.
    """

    resource: Resource
    id: UUID
    tags: Sequence[str]
    key: bytes

    def needs(self) -> Iterable[Need]:
        """The aggregates that the resource is made of."""
        return self.resource.needs(self.id)

    def beside(self, states: States) -> Iterable[Need]:
        """What else it shows, once those are read."""
        return self.resource.beside(states, self.id)

    def refusal(self, states: States, context: Context) -> Refused | None:
        """412 with the fields that have changed, if none of the tags is true any more."""
        shown = self.resource.show(states, self.id, context)
        if isinstance(shown, Refused):
            there = shown.status != HTTPStatus.NOT_FOUND
            return None if ANY in self.tags and there else UNSHOWN
        if ANY in self.tags:
            return None
        if not self.tags:
            return WEAK
        changes = [each for tag in self.tags if (each := changed_since(tag, shown, self.id, self.key)) is not None]
        if not changes:
            return FOREIGN
        if not all(changes):
            return None
        fewest = min(changes, key=len)
        return Refused(
            code="changed_meanwhile",
            detail=f"Since you read it, this has changed: {', '.join(fewest)}.",
            remedy="Read it again, and decide anew with its new ETag.",
            field="If-Match",
            status=412,
        )
