"""Which referrals of a person are open, told by two topics that keep no order between them.

The referral topic says who was referred and what was withdrawn, in order; the counselling topic says what was
rejected, redirected or completed, what has failed, and what goes on after all. `standing` is written by the referral
topic alone, so what follows from it at once (the person has left: their candidacies close) is the same for every
interleaving. The others are sorted sets that both topics add to, with the times of the events: whichever is heard
first, the later word counts. What follows from them waits for a deadline, but for a death.

A record that was missing may come after later ones: then a withdrawal under an unknown id may be that of a referral
which has yet to come.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from placement.domain.terms import ReferralEnd
from vocabulary.copying import replace

NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class StandingReferral:
    """A referral that the scout has not taken back. One per root: a renewed one takes the old one's place."""

    referral_id: UUID
    root_id: UUID


@dataclass(frozen=True, slots=True, order=True)
class Ended:
    """A referral that came to an end, when, and how; one of old that was withdrawn may say `rejected`."""

    referral_id: UUID
    at: datetime
    how: ReferralEnd = "rejected"


@dataclass(frozen=True, slots=True, order=True)
class Reopened:
    """A referral that a centre goes on with, and since when."""

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
    told: tuple[StandingReferral, ...] = ()
    """Every referral that the scout has told of, whatever became of it. In older documents those that stand are not
    among them."""
    reopened: tuple[Reopened, ...] = ()
    walked_in: tuple[UUID, ...] = ()
    """What centres do for people whom nobody referred: it ends, and goes on, like a referral. The counselling topic
    tells of it, and of its ends; a desk that has adopted the case may take it back."""

    def taken_in(self, referral_id: UUID) -> Referrals:
        """A centre has taken the person in by itself."""
        return replace(self, walked_in=tuple(sorted({*self.walked_in, referral_id})))

    def referred(self, referral_id: UUID, root_id: UUID) -> Referrals:
        """The scout referred the person. What was withdrawn before it came is over; what that was taken for is not."""
        one = StandingReferral(referral_id, root_id)
        known = replace(self, told=tuple(sorted({*self.told, one})))
        others = tuple(each for each in self.standing if each.root_id != root_id)
        early = next((each for each in self.early if each.withdrawn_id == referral_id), None)
        if early is None:
            return replace(known, standing=(*others, one))
        roots = {root_id, *(each.root_id for each in others)}
        back = () if early.meant is None or early.meant.root_id in roots else (early.meant,)
        return replace(known, standing=(*back, *others), early=tuple(each for each in self.early if each != early))

    def withdrawn(self, referral_id: UUID, at: datetime, *, walk_in: bool = False) -> Referrals:
        """The scout or the person takes a referral back.

        One that was taken back before may have been reopened since. An id that the referral topic has never opened
        is that of a redirected one, unless it is what a centre does for somebody who had walked in (`walk_in`). If just
        one referral stands, it is meant; else this topic alone cannot tell, and `open` will once the redirect is known.
        """
        ended = self.over(referral_id, at, "withdrawn")
        if walk_in:
            return ended
        left = tuple(each for each in self.standing if referral_id not in (each.referral_id, each.root_id))
        if len(left) < len(self.standing):
            return replace(ended, standing=left)
        if any(referral_id == each.withdrawn_id for each in self.early):
            return ended
        if any(each.meant is not None and referral_id == each.meant.referral_id for each in self.early):
            return replace(ended, early=tuple(each.unless(referral_id) for each in self.early))
        if any(referral_id == each.referral_id for each in self.told):
            return ended
        meant = self.standing[0] if len(self.standing) == 1 else None
        left = () if meant else self.standing
        return replace(ended, standing=left, early=(*self.early, Early(referral_id, meant)))

    def over(self, referral_id: UUID, at: datetime, how: ReferralEnd) -> Referrals:
        """A referral came to an end, until a centre goes on with it."""
        return replace(self, ended=tuple(sorted({*self.ended, Ended(referral_id, at, how)})))

    def went_on(self, referral_id: UUID, at: datetime) -> Referrals:
        """A centre goes on with a referral that was completed or had failed; older ends say nothing any more."""
        return replace(self, reopened=tuple(sorted({*self.reopened, Reopened(referral_id, at)})))

    def redirected(self, parent_id: UUID, child_id: UUID) -> Referrals:
        """A centre passed a referral on."""
        return replace(self, redirects=tuple(sorted({*self.redirects, Redirect(child_id, parent_id)})))

    @property
    def open(self) -> tuple[UUID, ...]:
        """The referrals under way, in whatever hands they are: what stands, what a centre has reopened, and what it
        does for somebody whom nobody referred."""
        standing = {each.referral_id for each in self.standing}
        ids = standing | {*self.walked_in} | {each.referral_id for each in self.reopened}
        return tuple(sorted(id_ for id_ in ids if not self._is_over(id_, stands=id_ in standing)))

    @property
    def left_with_centres(self) -> bool:
        """Whether the scout leaves the person with any centre: a referral stands, or what a centre does for somebody
        whom nobody referred. A centre tells of that before anybody knows the person here, so no order matters."""
        taken_back = {each.referral_id for each in self.ended if each.how == "withdrawn"}
        return bool(self.standing or {*self.walked_in} - taken_back)

    @property
    def deceased(self) -> bool:
        """Whether the person has died, as far as is known: until a centre goes on with any of the referrals."""
        died = max((each.at for each in self.ended if each.how == "deceased"), default=None)
        return died is not None and all(each.at < died for each in self.reopened)

    @property
    def last_ended_at(self) -> datetime | None:
        """When the latest of the ended ones ended."""
        return max((each.at for each in self.ended), default=None)

    @property
    def may_linger(self) -> bool:
        """Whether candidacies may be left without an open referral: what the scout takes back closes them at once."""
        return bool(self.standing or self.reopened or self.walked_in)

    @property
    def end(self) -> ReferralEnd:
        """How the person left, of whom no referral is open: by the last word of a centre, unless all was withdrawn."""
        last = max(self.ended, key=_when, default=None)
        if not self.standing and (last is None or last.how in ("withdrawn", "rejected")):
            return "withdrawn"
        by_centres = [each for each in self.ended if each.how != "withdrawn"]
        return max(by_centres, key=_when).how if by_centres else "rejected"

    def _is_over(self, id_: UUID, *, stands: bool) -> bool:
        """Whether its last end is later than its last reopening, under whatever id either was told."""
        on = {id_, *(each.child_id for each in self.redirects if id_ in self._lineage(each.child_id))}
        ids, withdrawn = (on, set[UUID]()) if stands else (on | self._lineage(id_), self._roots(id_))
        ends = (
            each.at
            for each in self.ended
            if each.referral_id in ids or (each.how == "withdrawn" and each.referral_id in withdrawn)
        )
        reopenings = (each.at for each in self.reopened if each.referral_id in on)
        return max(ends, default=NEVER) > max(reopenings, default=NEVER)

    def _roots(self, id_: UUID) -> set[UUID]:
        """By which id the scout may have taken it back besides its own."""
        return {each.root_id for each in (*self.told, *self.standing) if each.referral_id == id_}

    def _lineage(self, referral_id: UUID) -> set[UUID]:
        """The referral and all that it was redirected from; ends even if the redirects form a circle."""
        parents = {each.child_id: each.parent_id for each in self.redirects}
        found: set[UUID] = set()
        current: UUID | None = referral_id
        while current is not None and current not in found:
            found.add(current)
            current = parents.get(current)
        return found


def _when(each: Ended) -> tuple[datetime, str]:
    return each.at, each.how
