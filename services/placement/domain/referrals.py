"""Which referrals of a person are open, told by two topics that keep no order between them.

The referral topic says who was referred and what was withdrawn, in order; the counselling topic says what
was rejected or redirected. `standing` is written by the referral topic alone, so what follows from it at once
(the person has left: their candidacies close) is the same for every interleaving. `ended` and `redirects` are
sorted sets that both topics add to; what follows from them waits for a deadline.

A record that was missing may come after later ones: then a withdrawal under an unknown id may be that of a referral
which has yet to come.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class StandingReferral:
    """A referral that the scout has not taken back. One per root: a renewed one takes the old one's place."""

    referral_id: UUID
    root_id: UUID


@dataclass(frozen=True, slots=True, order=True)
class Ended:
    """A referral that was withdrawn or rejected, and when."""

    referral_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True, order=True)
class Redirect:
    """A centre passed `parent_id` on; it lives on as `child_id`."""

    child_id: UUID
    parent_id: UUID


@dataclass(frozen=True, slots=True)
class Early:
    """A withdrawal under an id that the referral topic had not opened, and the referral that it was taken to mean."""

    withdrawn_id: UUID
    meant: StandingReferral | None

    def unless(self, referral_id: UUID) -> Early:
        """The same if it was not taken to mean this one."""
        return Early(self.withdrawn_id, None) if self.meant and self.meant.referral_id == referral_id else self


@dataclass(frozen=True, slots=True)
class Referrals:
    """All that is known of a person's referrals, without what they ask for."""

    standing: tuple[StandingReferral, ...] = ()
    ended: tuple[Ended, ...] = ()
    redirects: tuple[Redirect, ...] = ()
    early: tuple[Early, ...] = ()

    def referred(self, referral_id: UUID, root_id: UUID) -> Referrals:
        """The scout referred the person. What was withdrawn before it came is over; what that was taken for is not."""
        others = tuple(each for each in self.standing if each.root_id != root_id)
        early = next((each for each in self.early if each.withdrawn_id == referral_id), None)
        if early is None:
            return replace(self, standing=(*others, StandingReferral(referral_id, root_id)))
        roots = {root_id, *(each.root_id for each in others)}
        back = () if early.meant is None or early.meant.root_id in roots else (early.meant,)
        return replace(self, standing=(*back, *others), early=tuple(each for each in self.early if each != early))

    def withdrawn(self, referral_id: UUID, at: datetime) -> Referrals:
        """The scout or the person takes a referral back.

        An id that the referral topic has never opened is that of a redirected one. If just one referral
        stands, it is meant; else this topic alone cannot tell, and `open` will once the redirect is known.
        """
        left = tuple(each for each in self.standing if referral_id not in (each.referral_id, each.root_id))
        if len(left) < len(self.standing):
            return replace(self._end(referral_id, at), standing=left)
        if any(referral_id == each.withdrawn_id for each in self.early):
            return self._end(referral_id, at)
        if any(each.meant is not None and referral_id == each.meant.referral_id for each in self.early):
            return replace(self._end(referral_id, at), early=tuple(each.unless(referral_id) for each in self.early))
        meant = self.standing[0] if len(self.standing) == 1 else None
        left = () if meant else self.standing
        return replace(self._end(referral_id, at), standing=left, early=(*self.early, Early(referral_id, meant)))

    def rejected(self, referral_id: UUID, at: datetime) -> Referrals:
        """A centre does not take the person on; the scout may refer anew."""
        return self._end(referral_id, at)

    def redirected(self, parent_id: UUID, child_id: UUID) -> Referrals:
        """A centre passed a referral on."""
        return replace(self, redirects=tuple(sorted({*self.redirects, Redirect(child_id, parent_id)})))

    @property
    def open(self) -> tuple[StandingReferral, ...]:
        """The referrals that stand and that no centre rejected, in whatever hands they are."""
        over = {id_ for ended in self.ended for id_ in self._lineage(ended.referral_id)}
        return tuple(each for each in self.standing if each.referral_id not in over)

    @property
    def last_ended_at(self) -> datetime | None:
        """When the latest of the ended ones ended."""
        return max((each.at for each in self.ended), default=None)

    def _end(self, referral_id: UUID, at: datetime) -> Referrals:
        return replace(self, ended=tuple(sorted({*self.ended, Ended(referral_id, at)})))

    def _lineage(self, referral_id: UUID) -> set[UUID]:
        """The referral and all that it was redirected from; ends even if the redirects form a circle."""
        parents = {each.child_id: each.parent_id for each in self.redirects}
        found: set[UUID] = set()
        current: UUID | None = referral_id
        while current is not None and current not in found:
            found.add(current)
            current = parents.get(current)
        return found
