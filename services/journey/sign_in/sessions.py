"""Who has signed in: a row per session, found by the hash of a random id that only the browser's cookie has.

Whoever reads the table can sign in as nobody, act for nobody (`access.py`), and learns of a person no more than the
audit says: a keyed hash. Times are those of the database, never of the business clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest, digest
from secrets import token_urlsafe

import asyncpg

from chassis.audit.rows import DONE, WRITTEN, Who
from chassis.http.auth import Principal
from chassis.postgres.writes import Writes
from journey.sign_in.access import Access, put_away, taken_out
from journey.sign_in.settings import SignInSettings

_MAKE = """
with gone as (delete from sign_in where id_hash = $7),
over as (
    update sign_in set access_box = null, access_until = null where id_hash = any(array(
        select id_hash from sign_in
        where access_box is not null and least(access_until, expires_at, idle_at) <= now() and id_hash <> $7
        for update skip locked))
)
insert into sign_in (id_hash, person, roles, org, country, expires_at, idle_at, access_box, access_until)
values ($1, $2, $3, $4, $5, now() + $6::interval, now() + $8::interval, $9, now() + $10::interval)
"""
"""The one that the same browser had before goes, and so do access tokens that are over; sessions that are, the worker
sweeps."""
_FIND = """
update sign_in set idle_at = now() + $2::interval where id_hash = $1 and expires_at > now() and idle_at > now()
returning person, roles, org, country
"""
_ACCESS = """
select access_box from sign_in
where id_hash = $1 and access_until > now() and expires_at > now() and idle_at > now()
"""
_END = "delete from sign_in where id_hash = $1"
_END_MANY = (
    "with gone as (delete from sign_in where $1::text is null or org = $1 returning 1) select count(*) from gone"
)


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who has signed in. `person`: the keyed hash by which the audit knows them."""

    id: str
    person: bytes
    who: Principal

    @property
    def form_token(self) -> str:
        """What forms of this session carry: no other site can read it, so none can send them."""
        return digest(self.id.encode(), b"form", "sha256").hex()

    def sent(self, token: str) -> bool:
        """Whether a form is one of this session."""
        return compare_digest(token.encode(), self.form_token.encode())


class Sessions:
    """The table `sign_in`."""

    def __init__(self, settings: SignInSettings) -> None:
        self._longest = timedelta(hours=settings.session_hours)
        self._idle = timedelta(minutes=settings.idle_minutes)

    async def make(
        self, pool: asyncpg.Pool, who: Principal, person: bytes, before: str | None, access: Access | None = None
    ) -> str:
        """A new session; its id. Never one that the browser has brought along: somebody may have put it there."""
        made = token_urlsafe(32)
        await pool.execute(
            _MAKE,
            _hash(made),
            person,
            sorted(who.roles),
            who.org,
            who.country,
            self._longest,
            _hash(before or ""),
            self._idle,
            None if access is None else put_away(made, access),
            None if access is None else timedelta(seconds=access.seconds),
        )
        return made

    async def find(self, pool: asyncpg.Pool, id_: str) -> Session | None:
        """The session with this id, if it is neither over nor idle; that it was used is noted."""
        row = await pool.fetchrow(_FIND, _hash(id_), self._idle)
        if row is None:
            return None
        who = Principal(row["person"].hex(), frozenset(row["roles"]), row["org"], row["country"])
        return Session(id_, row["person"], who)

    async def access(self, pool: asyncpg.Pool, id_: str) -> str | None:
        """The access token of this session, as long as both are good."""
        box = await pool.fetchval(_ACCESS, _hash(id_))
        return None if box is None else taken_out(id_, box)

    async def end(self, pool: asyncpg.Pool, id_: str) -> None:
        """Signs out."""
        await pool.execute(_END, _hash(id_))


async def end_many(connection: asyncpg.Connection, org: str | None, who: Who) -> int:
    """Ends the sessions of an organisation, or all, with a row of the audit that says so; returns how many."""
    writes = Writes()
    writes.add(WRITTEN, [who.row((), DONE)])
    async with connection.transaction():
        await writes.execute(connection)
        ended: int = await connection.fetchval(_END_MANY, org)
    return ended


def _hash(id_: str) -> bytes:
    """A plain one will do: nobody guesses 256 random bits."""
    return sha256(id_.encode()).digest()
