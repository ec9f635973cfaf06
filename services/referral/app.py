"""The referral service, put together. `python -m referral.app` runs it."""

from __future__ import annotations

import hmac
from pathlib import Path

from chassis.service import Service
from referral.api import router, with_vault
from referral.consumers import EVENTS as CONSUMED
from referral.handlers import COMMANDS, DEADLINES, KINDS, MOVES
from referral.reference import Reference
from referral.vault import Vault
from vocabulary import centres, roles
from vocabulary.countries import WORKING_DAYS
from vocabulary.events import SUBJECT


def service(profile_key: bytes) -> Service:
    """The service with the key that wraps the data keys of profiles."""
    return Service(
        name="referral",
        title="Referral",
        description="The scout's desk in Germany: case, consent, referral, return journey.",
        org=roles.programme("referral"),
        kinds=KINDS,
        commands=COMMANDS,
        consumers=CONSUMED,
        deadlines=DEADLINES,
        moves=MOVES,
        routers=(with_vault(Vault(profile_key)), router),
        migrations=Path(__file__).with_name("migrations"),
        fingerprint_key=hmac.digest(profile_key, b"request fingerprints", "sha256"),
        subject=SUBJECT,
        org_kinds=roles.ORG_KINDS,
        role_kinds=roles.KINDS_OF,
        shut=centres.shut,
        load_reference=Reference.load,
        working_days=WORKING_DAYS,
    )


if __name__ == "__main__":
    from chassis.runtime.process import main
    from referral.settings import ReferralSettings

    main(lambda: service(ReferralSettings().profile_key()))
