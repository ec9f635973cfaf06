"""The audit ends by its term, from the beginning of its chain, at an end of the chain that was told to the outside.

The seal of that end stays, and the chain goes on from it: whatever was told later stands on its digest. That the rows
before it are gone by their term, and not by somebody's hand, is a word of the service: the cut, countersigned. It is
said anew by the newest generation of keys, as an old one is destroyed after the term of the backups. Before rows go
they are walked once more: who has changed one, its time above all, gets nothing removed by that.
"""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

from chassis.audit.chain import Row, beginning, digest_of
from chassis.audit.sealer import LOCK
from chassis.postgres.database import Connection
from chassis.telemetry.logs import get_logger
from chassis.vault.vault import KeyVault

FORM: Final = "ph-audit-cut-1"
PAGE: Final = 5000
MOST_ENDS: Final = 100
"""That one run removes: four days of ends, one an hour."""

_CUT = """
select cut.number, seal.audit_id, seal.digest, cut.generation, cut.mac
from audit_cut as cut left join audit_seal as seal using (number)
"""
_NEXT = """
select number, seal.audit_id, seal.digest from audit_told join audit_seal as seal using (number)
where number > $1
  and not exists (select from audit where id > $2 and id <= seal.audit_id
                                      and at > clock_timestamp() - $3::text::interval)
order by number limit 1
"""
"""The next end that was told, if all rows up to it are older than the term."""
_ROWS = """
select seal.number, audit.id, audit.at, person, role, org, action, subjects, outcome, ground
from (select * from audit where id > $1 and id <= $2) as audit
full join (select * from audit_seal where audit_id > $1 and audit_id <= $2) as seal on seal.audit_id = audit.id
order by coalesce(audit.id, seal.audit_id) limit $3
"""
_REMOVE = "select audit_cut_to($1, $2, $3)"

log = get_logger(__name__)


class Cut(NamedTuple):
    """Up to which seal the rows are gone. The seal itself may lack, if somebody has removed it."""

    number: int
    audit_id: int | None
    digest: bytes | None
    generation: str
    mac: bytes

    def is_genuine(self, vault: KeyVault, service: str) -> bool:
        """Whether the service has said so, by a generation that is still listed: a word that nobody can check counts as
        none."""
        if self.digest is None:
            return False
        said = said_of(service, self.number, self.digest)
        return vault.is_countersigned(said, self.generation, self.mac) is True


def said_of(service: str, number: int, digest: bytes) -> bytes:
    """What is countersigned: no seal can pass for a cut."""
    return hashlib.sha256(f"{FORM}\n{service}\n{number}\n{digest.hex()}".encode()).digest()


async def cut_of(connection: Connection) -> Cut | None:
    """The cut as it stands; None if nothing was removed yet."""
    row = await connection.fetchrow(_CUT)
    return None if row is None else Cut(*row)


async def cut(connection: Connection, vault: KeyVault, service: str, term: str) -> int:
    """Removes what is older than the term, within the caller's transaction; returns how many rows.

    Nothing is removed while somebody else seals or cuts, or if the chain is not what it was.
    """
    if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", LOCK):
        return 0
    stands = await cut_of(connection)
    if stands is not None and not stands.is_genuine(vault, service):
        return _broken()
    number, after = (0, 0) if stands is None else (stands.number, stands.audit_id or 0)
    digest = beginning(service) if stands is None or stands.digest is None else stands.digest
    for _ in range(MOST_ENDS):
        found = await connection.fetchrow(_NEXT, number, after, term)
        if found is None:
            break
        if await _walked(connection, digest, number, after, found["audit_id"]) != (found["number"], found["digest"]):
            _broken()
            break
        number, after, digest = found["number"], found["audit_id"], found["digest"]
    if number == 0 or (stands is not None and stands.number == number and _is_newest(stands, vault)):
        return 0
    removed: int = await connection.fetchval(_REMOVE, number, *vault.countersigned(said_of(service, number, digest)))
    return removed


async def _walked(connection: Connection, digest: bytes, number: int, after: int, up_to: int) -> tuple[int, bytes]:
    """Number and digest of the chain at that row, as the rows say it; of no chain, where a row or a seal lacks."""
    while rows := await connection.fetch(_ROWS, after, up_to, PAGE):
        for row in rows:
            number += 1
            if row[0] != number or row[1] is None:
                return 0, b""
            digest = digest_of(digest, number, Row(*row[1:]))
        after = rows[-1][1]
    return number, digest


def _is_newest(stands: Cut, vault: KeyVault) -> bool:
    assert stands.digest is not None, "it is genuine"
    return vault.countersigned(stands.digest)[0] == stands.generation


def _broken() -> int:
    log.error("audit_chain_broken", remedy="Run `ph audit verify` for this service.")
    return 0
