"""`ph parked show --reveal`: who looks into a record and why is said first, and is a row of the service's audit."""

from __future__ import annotations

import asyncio
from importlib import import_module

from chassis.operators.cli import targets
from chassis.operators.reveal import Held, Looker, revealed
from chassis.postgres.session import database
from chassis.pure.reference import CodeRow, load
from chassis.trouble import Trouble, Usage


def looker(by: str, reason: str) -> Looker:
    """Who looks, and why. Raises `Usage` if either is missing, or the reason is no code of its list."""
    if not by:
        raise Usage("--by is missing", remedy="Say who looks, by a role or ticket, such as INC-4711.")
    reasons = load(targets.reference_dir(), {"reveal_reasons": CodeRow})["reveal_reasons"]
    codes = {each.code for each in reasons.rows if each.valid_to is None}
    if reason not in codes:
        raise Usage(
            f"--reason {reason!r} is no code of reveal_reasons" if reason else "--reason is missing",
            remedy=f"Codes: {', '.join(sorted(codes))}.",
        )
    return Looker(by, reason)


def payload_of(service: str, id_: int, who_looks: Looker) -> bytes | None:
    """The payload, for whoever may use the service's own role and keys. Raises `Trouble`."""
    (name,) = targets.chosen([service], everything=False)
    its = import_module(f"{name}.app").SERVICE
    if its.audit_head is None:
        raise Trouble(f"the service {name} has no audit, so nobody looks into its records", remedy="There is no way.")
    who = who_looks.who(targets.vault_of(name), its.org)

    async def run() -> Held | None:
        async with database(targets.app_dsn(name), "ph parked") as connection:
            return await revealed(connection, id_, who, f"{its.subject}_id")

    held = asyncio.run(run())
    if held is None:
        raise gone(name, id_)
    return held.payload


def gone(service: str, id_: int) -> Trouble:
    """That there is no such record."""
    return Trouble(
        f"there is no parked record {id_}",
        where=f"database of {service}",
        remedy="It was handled in the meantime, or belongs to another service: see `ph parked list`.",
    )
