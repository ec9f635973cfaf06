"""Which referrals of a person are open, as far as the referral topic alone can tell.

A centre may pass a referral on to another one. That is told on a topic which this service does not read, so a
withdrawal may name a referral that was never seen here: a descendant of one that was. Such a withdrawal ends one
of the open referrals, only which one is unknown, and it need not be known: what matters here is whether any is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class StandingReferral:
    """A referral that nobody has taken back. One per root: a renewed referral takes the old one's place."""

    referral_id: UUID
    root_id: UUID


@dataclass(frozen=True, slots=True)
class Referrals:
    """The referrals that stand, and the withdrawals that ended one of them under an id unknown here."""

    standing: tuple[StandingReferral, ...] = ()
    unmatched: tuple[UUID, ...] = ()

    @property
    def open(self) -> bool:
        """Whether the person still waits for a centre, or is with one."""
        return len(self.standing) > len(self.unmatched)

    def referred(self, referral_id: UUID, root_id: UUID) -> Referrals:
        """The scout refers the person."""
        others = tuple(each for each in self.standing if each.root_id != root_id)
        return Referrals((*others, StandingReferral(referral_id, root_id)), self.unmatched)

    def withdrawn(self, referral_id: UUID) -> Referrals:
        """The scout or the person takes a referral back."""
        standing = tuple(each for each in self.standing if each.referral_id != referral_id)
        unmatched = self.unmatched
        if len(standing) == len(self.standing):
            unmatched = (*unmatched, referral_id)
        left = Referrals(standing, unmatched)
        return left if left.open else Referrals()
