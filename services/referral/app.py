"""The referral service, put together. `python -m referral.app` runs it."""

from __future__ import annotations

from pathlib import Path

from chassis.service import Follows, Overlay, Service, Unsealed, Watched, Wrapped
from referral import adoption, destruction, holds, search, switch, views
from referral.api import router
from referral.consumers import EVENTS as CONSUMED
from referral.domain.case import Case
from referral.domain.country import CountrySwitch
from referral.domain.profile import Profile
from referral.events import OPERATIONS, AuditSealed
from referral.handlers import COMMANDS, DEADLINES, FOLLOWS, KINDS, MARKED, MOVES, PARTING, REPEATS, REWRAPPING, SEALING
from referral.handlers.deadlines import STAYS
from referral.reference import Reference
from referral.retention import KEEPS
from vocabulary import centres, roles
from vocabulary.countries import WORKING_DAYS
from vocabulary.events import SUBJECT
from vocabulary.switch import over

IN_CLEAR = """
select id from case_file where (data @? '$.referrals[*].needs ? (@.type() == "array")'
    or data #>> '{journey,departed_on}' is not null and jsonb_typeof(data #> '{journey,assistance_codes}') = 'array')
and id > $2 order by id limit $1
"""
"""The condition of the index `case_file_unsealed`, word by word."""
IN_ONE_PIECE = "select id from profile where data ->> 'wrapped_key' is not null and id > $2 order by id limit $1"
"""That of `profile_in_one_piece`."""
UNMARKED = """
select id from profile
where status = 'sealed' and coalesce((data ->> 'marking')::int, 0) < 1 and id > $2 order by id limit $1
"""
"""Of hashes that another version than `vocabulary.finding.MARKING` has made; that of `profile_unmarked`."""

UNPARTED = """
select id, case when data ->> 'wrapped_key' like '%:%' then split_part(data ->> 'wrapped_key', ':', 1) else '' end
    as generation
from profile where data ->> 'wrapped_key' is not null
"""
KEYS = """
select id, split_part(key, ':', 1) as generation from case_file, lateral (
    select data ->> 'care_key' as key
    union all select part.value ->> 'key' from jsonb_each(data -> 'profile_keys') as part
) as keys where key is not null
"""
"""Of a case: that of needs and assistance, and those of the parts of the profile."""

SERVICE = Service(
    name="referral",
    title="Referral",
    description="The scout's desk in Germany: case, consent, referral, return journey.",
    org=roles.programme("referral"),
    kinds=KINDS,
    commands=COMMANDS,
    consumers=CONSUMED,
    deadlines=DEADLINES,
    moves=MOVES,
    stays=STAYS,
    follows=tuple(Follows(each.name, each.state, handler) for each, handler in FOLLOWS.items()),
    routers=(router, adoption.router, search.router, destruction.router, holds.router, switch.router),
    migrations=Path(__file__).with_name("migrations"),
    subject=SUBJECT,
    org_kinds=roles.ORG_KINDS,
    role_kinds=roles.KINDS_OF,
    shut=centres.shut,
    load_reference=Reference.load,
    standing=Overlay(CountrySwitch, over),
    working_days=WORKING_DAYS,
    watched=(
        Watched("profile_keys_not_destroyed", views.NOT_DESTROYED),
        Watched("profile_keys_awaited", views.AWAITED),
    ),
    seals=True,
    audit_head=AuditSealed,
    auditor=roles.DATA_PROTECTION_OFFICER,
    operations=OPERATIONS,
    keeps=KEEPS,
    repeats=REPEATS,
    unsealed=(Unsealed(IN_CLEAR, SEALING), Unsealed(IN_ONE_PIECE, PARTING), Unsealed(UNMARKED, MARKED)),
    wrapped=(Wrapped(Profile, UNPARTED, PARTING), Wrapped(Case, KEYS, REWRAPPING)),
)

if __name__ == "__main__":
    from chassis.runtime.process import main

    main(lambda: SERVICE)
