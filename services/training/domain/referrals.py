"""Which referrals of a person are open, as far as the referral topic alone can tell.

A centre may pass a referral on to another one. That is told on a topic which this service does not read, so a
withdrawal may name a referral that was never seen here: a descendant of one that was. Such a withdrawal ends one
of the open referrals, only which one is unknown, and it need not be known: what matters here is whether any is left.
The support of somebody who had walked in at a centre is none of them: its withdrawal says so, and ends no referral.

A record that was missing may come after later ones. So such a withdrawal may also be that of a referral which has yet
to come: then it ended this one, and none of the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from vocabulary.copying import replace


@dataclass(frozen=True, slots=True)
class StandingReferral:
    """A referral that nobody has taken back. One per root: a renewed referral takes the old one's place."""

    referral_id: UUID
    root_id: UUID


@dataclass(frozen=True, slots=True)
class Settled:
    """Referrals that were taken to be over, because as many withdrawals came under ids that were unknown here."""

    standing: tuple[StandingReferral, ...]
    unmatched: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Referrals:
    """The referrals that stand, and the withdrawals that ended one of them under an id unknown here."""

    standing: tuple[StandingReferral, ...] = ()
    unmatched: tuple[UUID, ...] = ()
    settled: tuple[Settled, ...] = ()
    """What was settled so. A referral that comes late shows that its withdrawal was meant for it, and for no other."""

    @property
    def open(self) -> bool:
        """Whether the person still waits for a centre, or is with one."""
        return len(self.standing) > len(self.unmatched)

    def referred(self, referral_id: UUID, root_id: UUID) -> Referrals:
        """The scout refers the person; what was withdrawn before it came is over already."""
        if referral_id in self.unmatched:
            return replace(self, unmatched=_without(self.unmatched, referral_id))
        group = next((each for each in self.settled if referral_id in each.unmatched), None)
        if group is not None:
            return self._reopened(group, referral_id)
        others = tuple(each for each in self.standing if each.root_id != root_id)
        return replace(self, standing=(*others, StandingReferral(referral_id, root_id)))

    def withdrawn(self, referral_id: UUID) -> Referrals:
        """The scout or the person takes a referral back."""
        if any(referral_id in ids for ids in (self.unmatched, *(group.unmatched for group in self.settled))):
            return self
        if any(referral_id == each.referral_id for group in self.settled for each in group.standing):
            groups = (Settled(_but(group.standing, referral_id), group.unmatched) for group in self.settled)
            return replace(self, settled=tuple(groups))
        standing = _but(self.standing, referral_id)
        known = len(standing) < len(self.standing)
        unmatched = self.unmatched if known else (*self.unmatched, referral_id)
        return _settled(replace(self, standing=standing, unmatched=unmatched))

    def _reopened(self, group: Settled, referral_id: UUID) -> Referrals:
        """One of the withdrawals of a group was meant for a referral that nobody had told of yet."""
        roots = {each.root_id for each in self.standing}
        back = tuple(each for each in group.standing if each.root_id not in roots)
        unmatched = (*_without(group.unmatched, referral_id), *self.unmatched)
        settled = tuple(each for each in self.settled if each != group)
        return _settled(Referrals((*back, *self.standing), unmatched, settled))


def _settled(referrals: Referrals) -> Referrals:
    """With none left open, what stands and what is unmatched is settled."""
    if referrals.open:
        return referrals
    group = (Settled(referrals.standing, referrals.unmatched),) if referrals.unmatched else ()
    return Referrals(settled=(*referrals.settled, *group))


def _without(ids: tuple[UUID, ...], id_: UUID) -> tuple[UUID, ...]:
    return tuple(each for each in ids if each != id_)


def _but(standing: tuple[StandingReferral, ...], referral_id: UUID) -> tuple[StandingReferral, ...]:
    return tuple(each for each in standing if each.referral_id != referral_id)
