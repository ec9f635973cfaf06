"""Somebody who walks in at the centre in Lagos: commands with sensible defaults."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from chassis.pure.decision import Actor, Decision, Refused
from counselling import commands
from counselling.domain.referral import Referral
from counselling.domain.signed import SignedConsent
from counselling.domain.walk_in import WalkIn
from tests.support.counselling.world import CASE, COUNSELLOR, TODAY, Desk, done
from tests.support.memory import NOW

SHEET = commands.Sheet(
    text_version="centre-2026-01",
    language="en",
    evidence_ref=UUID("0b54a4b4-2c1a-4f2e-9a55-3d1a6a1c2f10"),
    granted_on=TODAY,
    valid_until=date(2027, 12, 31),
    guardian=False,
)
assert NOW.date() == TODAY


def opening(**changes: Any) -> commands.OpenFile:
    """A local painter, without a profile."""
    fields: dict[str, Any] = {
        "case_id": CASE,
        "target_group": "LOCAL",
        "country": None,
        "admin1": "NG-LA",
        "language": "en",
        "return_type": "unknown",
        "age_band": "25_34",
        "sex": "female",
        "household_size": 1,
        "vulnerability_present": False,
        "priority": "normal",
        "needs": ("employment",),
        "wishes": (),
        "skills": ("7131",),
        "consent": SHEET,
        "profile": None,
    }
    return commands.OpenFile(**{**fields, **changes})


class WalkInDesk(Desk):
    """A centre at which somebody has walked in, or is about to."""

    @classmethod
    def with_file(cls, **changes: Any) -> WalkInDesk:
        """The person is in the care of the centre in Lagos."""
        desk = cls()
        done(desk.open(**changes))
        return desk

    def open(self, actor: Actor = COUNSELLOR, **changes: Any) -> Decision | Refused:
        return self.service.command(opening(**changes), actor)

    def sign(
        self,
        purpose: str = "matching",
        recipients: Sequence[str] = (),
        actor: Actor = COUNSELLOR,
        sheet: commands.Sheet = SHEET,
    ) -> Decision | Refused:
        return self.service.command(commands.RecordConsent(CASE, purpose, recipients, sheet), actor)

    def take_back(self, consent_id: UUID | None = None, actor: Actor = COUNSELLOR) -> Decision | Refused:
        return self.service.command(commands.WithdrawConsent(CASE, consent_id or self.signed[0].id), actor)

    @property
    def intake(self) -> Referral:
        """The support that began when the person walked in."""
        [found] = [referral for referral in self.file.referrals if referral.walk_in]
        return found

    @property
    def walk_in(self) -> WalkIn:
        found: WalkIn = self.service.state(WalkIn, CASE)
        return found

    @property
    def signed(self) -> list[SignedConsent]:
        return sorted(self.service.all(SignedConsent), key=lambda each: each.id)
