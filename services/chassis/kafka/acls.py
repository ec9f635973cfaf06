"""Users' rights and quotas on a cluster, compared with what `schemas/topics.yaml` declares, and brought there.

aiokafka has no calls for them. The client that has lies in `requirements/operators.lock` only, and is imported when a
command needs it: an image of a service cannot change rights, and does not carry what could.

A right that is missing is granted. One that a service's user has and does not need is taken away on request only: until
then the plan refuses it, because a service that is not listed as a reader must not read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from time import monotonic, sleep
from typing import Any

from chassis.kafka.clients import kafka_options, log_of
from chassis.kafka.rights import Operation, Resource, Right, granted_along
from chassis.kafka.topics import PREFIX, VISIBLE_SECONDS
from chassis.settings import KafkaSettings
from chassis.trouble import Trouble

TIMEOUT_MS = 10_000
EVERYWHERE = "*"


@dataclass(frozen=True, slots=True, order=True)
class Acl:
    """One entry as the cluster has it. `prefixed`: `name` is the beginning of names. `denied`: it takes away."""

    user: str
    right: Right
    prefixed: bool = False
    host: str = EVERYWHERE
    denied: bool = False

    def __str__(self) -> str:
        return (
            f"{'deny ' if self.denied else ''}{self.right}{'*' if self.prefixed else ''}"
            f"{'' if self.host == EVERYWHERE else f' from {self.host}'}"
        )


class Action(StrEnum):
    """What is to be done about a user."""

    GRANT = "grant"
    REVOKE = "revoke"
    QUOTA = "set quota"
    REFUSED = "refused"
    REPORTED = "not declared"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between declaration and cluster."""

    user: str
    action: Action
    detail: str
    remedy: str = ""
    acl: Acl | None = field(default=None, repr=False)
    quota: tuple[str, float] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    """What a cluster has: entries of all users, and the quotas of those that were asked for."""

    acls: frozenset[Acl]
    quotas: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What it shall have, by the name of the user. What `onlookers` may have is not granted here, and not reported."""

    rights: Mapping[str, frozenset[Right]]
    quotas: Mapping[str, float]
    onlookers: Mapping[str, frozenset[Right]] = field(default_factory=dict)


def compare(wanted: Wanted, found: Found, *, revoke: bool = False) -> list[Change]:
    """Every difference, in order of user. Pure."""
    changes: list[Change] = []
    for user, rights in sorted(wanted.rights.items()):
        have = sorted(acl for acl in found.acls if acl.user == user)
        missing = sorted(right for right in rights if not any(covers(acl, right) for acl in have))
        changes += [Change(user, Action.GRANT, str(right), acl=Acl(user, right)) for right in missing]
        for acl in have:
            if not _declared(acl, rights):
                remedy = "" if revoke else "Pass --revoke to take it away, or declare in topics.yaml what needs it."
                changes.append(Change(user, Action.REVOKE if revoke else Action.REFUSED, str(acl), remedy, acl=acl))
        has = found.quotas.get(user, {})
        for name, value in sorted(wanted.quotas.items()):
            if has.get(name) != value:
                before = f"{has[name]:.0f}" if name in has else "none"
                changes.append(Change(user, Action.QUOTA, f"{name}: {before} -> {value:.0f}", quota=(name, value)))
    for acl in sorted(found.acls):
        known = acl.user in wanted.rights or _declared(acl, wanted.onlookers.get(acl.user, ()))
        if not known and not acl.denied and _about_us(acl):
            remedy = "Nobody declares this user. Take the right away by hand, unless he is meant to have it."
            changes.append(Change(acl.user, Action.REPORTED, str(acl), remedy))
    return changes


def covers(acl: Acl, right: Right) -> bool:
    """Whether this entry grants the right, wherever the user logs in from."""
    named = acl.right.name in {right.name, EVERYWHERE} or (acl.prefixed and right.name.startswith(acl.right.name))
    return (
        not acl.denied
        and acl.host == EVERYWHERE
        and acl.right.resource is right.resource
        and named
        and acl.right.operation in granted_along(right.operation)
    )


def _declared(acl: Acl, rights: Iterable[Right]) -> bool:
    """Whether a declared right grants all that this entry does: it says the same, or what is granted along with it."""
    return not acl.denied and not acl.prefixed and any(covers(Acl(acl.user, right), acl.right) for right in rights)


def _about_us(acl: Acl) -> bool:
    name = acl.right.name
    return acl.right.resource is Resource.TOPIC and (
        name.startswith(PREFIX) or name == EVERYWHERE or (acl.prefixed and PREFIX.startswith(name))
    )


async def plan(settings: KafkaSettings, wanted: Wanted, *, revoke: bool = False) -> list[Change]:
    """What `apply` would do on this cluster, and what it refuses. Raises `Trouble` if the cluster cannot be asked."""
    return await asyncio.to_thread(_plan, settings, wanted, revoke=revoke)


def _plan(settings: KafkaSettings, wanted: Wanted, *, revoke: bool) -> list[Change]:
    with _client(settings) as client:
        return compare(wanted, _survey(client, wanted), revoke=revoke)


async def apply(settings: KafkaSettings, wanted: Wanted, changes: Iterable[Change]) -> None:
    """Carries out what the plan allows; returns when the cluster shows it. Raises `Trouble` if refused."""
    await asyncio.to_thread(_apply, settings, wanted, list(changes))


def _apply(settings: KafkaSettings, wanted: Wanted, changes: list[Change]) -> None:
    with _client(settings) as client:
        _grant(client, [change.acl for change in changes if change.action is Action.GRANT and change.acl])
        _revoke(client, [change.acl for change in changes if change.action is Action.REVOKE and change.acl])
        _set_quotas(client, [(change.user, *change.quota) for change in changes if change.quota])
        give_up = monotonic() + VISIBLE_SECONDS
        done = {(each.user, each.detail) for each in changes if each.action not in {Action.REFUSED, Action.REPORTED}}
        while left := [each for each in compare(wanted, _survey(client, wanted)) if (each.user, each.detail) in done]:
            if monotonic() > give_up:
                raise Trouble(
                    f"{left[0].user}: {left[0].detail} does not show after {VISIBLE_SECONDS:g} s",
                    where="Kafka",
                    remedy="The change was accepted; run `ph topics plan --acls` in a moment.",
                )
            sleep(0.1)


# --- the client of the operators' lock ------------------------------------------------------------------------------


@contextmanager
def _client(settings: KafkaSettings) -> Iterator[Any]:
    try:
        from kafka import admin, errors  # noqa: PLC0415 - not in the lock of the services
    except ImportError as error:
        raise Trouble(
            "the package kafka-python is not installed",
            where="ph topics --acls",
            remedy="Install it beside the services' packages: pip install --require-hashes --no-deps -r"
            " requirements/operators.lock",
        ) from error
    where = f"Kafka at {settings.bootstrap_servers} ({settings.security_protocol})"
    client = None
    try:
        with log_of("kafka", []):
            client = admin.KafkaAdminClient(
                **kafka_options(settings), request_timeout_ms=TIMEOUT_MS, bootstrap_timeout_ms=TIMEOUT_MS
            )
            yield client
    except errors.SecurityDisabledError as error:
        raise Trouble(
            "the cluster checks no rights: it has no authorizer",
            where=where,
            remedy="Set authorizer.class.name on the brokers, or leave --acls away.",
        ) from error
    except errors.ClusterAuthorizationFailedError as error:
        raise Trouble(
            "this user may not see or change rights and quotas",
            where=where,
            remedy="Log in as a user with Describe, Alter, DescribeConfigs, AlterConfigs on the cluster.",
        ) from error
    except errors.KafkaError as error:
        raise Trouble(
            f"the cluster did not answer as it should: {type(error).__name__}: {error}",
            where=where,
            remedy="Check the address and the login with `ph topics plan`; if those are right, see the brokers' logs.",
        ) from error
    finally:
        if client is not None:
            client.close()


_KINDS = {Resource.TOPIC: 2, Resource.GROUP: 3, Resource.CLUSTER: 4}
"""Kinds of resources in Kafka's protocol. Others, such as transactional ids, are none of ours."""
_OPERATIONS = {operation.code: operation for operation in Operation}
_PRINCIPAL = "User:"


def _survey(client: Any, wanted: Wanted) -> Found:
    from kafka import admin  # noqa: PLC0415

    anything = admin.ResourcePatternFilter(admin.ResourceType.ANY, None, admin.ACLResourcePatternType.ANY)
    anyone = admin.ACLFilter(None, None, admin.ACLOperation.ANY, admin.ACLPermissionType.ANY, anything)
    listed, _ = client.describe_acls(anyone)
    kinds = {code: resource for resource, code in _KINDS.items()}
    found = (
        Acl(
            acl.principal.removeprefix(_PRINCIPAL),
            Right(kinds[pattern.resource_type], pattern.resource_name, _OPERATIONS[acl.operation]),
            prefixed=pattern.pattern_type is admin.ACLResourcePatternType.PREFIXED,
            host=acl.host,
            denied=acl.permission_type is admin.ACLPermissionType.DENY,
        )
        for acl in listed
        if (pattern := acl.resource_pattern).resource_type in kinds
    )
    return Found(frozenset(found), _quotas(client) if wanted.quotas else {})


def _grant(client: Any, acls: list[Acl]) -> None:
    from kafka import admin  # noqa: PLC0415

    if acls:
        for error in client.create_acls([_entry(acl, admin.ACL, admin.ResourcePattern) for acl in acls])["failed"]:
            raise error


def _revoke(client: Any, acls: list[Acl]) -> None:
    from kafka import admin, errors  # noqa: PLC0415

    if acls:
        filters = [_entry(acl, admin.ACLFilter, admin.ResourcePatternFilter) for acl in acls]
        for _, _, error in client.delete_acls(filters):
            if error is not errors.NoError:
                raise error


def _entry(acl: Acl, entry: Any, pattern: Any) -> Any:
    from kafka import admin  # noqa: PLC0415

    kinds, permissions = admin.ACLResourcePatternType, admin.ACLPermissionType
    about = pattern(
        admin.ResourceType(_KINDS[acl.right.resource]),
        acl.right.name,
        kinds.PREFIXED if acl.prefixed else kinds.LITERAL,
    )
    permission = permissions.DENY if acl.denied else permissions.ALLOW
    return entry(f"{_PRINCIPAL}{acl.user}", acl.host, admin.ACLOperation(acl.right.operation.code), permission, about)


def _quotas(client: Any) -> dict[str, dict[str, float]]:
    """Of every user who has some; those of a user with a certain client are another matter."""
    from kafka.protocol.admin import DescribeClientQuotasRequest as Request  # noqa: PLC0415

    any_user = Request.ComponentData(entity_type="user", match_type=2, match=None)
    answer = _ask(client, Request(components=[any_user], strict=True))
    _require(answer)
    return {entry.entity[0].entity_name: {each.key: each.value for each in entry.values} for entry in answer.entries}


def _set_quotas(client: Any, quotas: list[tuple[str, str, float]]) -> None:
    from kafka.protocol.admin import AlterClientQuotasRequest as Request  # noqa: PLC0415

    entry = Request.EntryData
    entries = [
        entry(
            entity=[entry.EntityData(entity_type="user", entity_name=user)],
            ops=[entry.OpData(key=name, value=value, remove=False) for of, name, value in quotas if of == user],
        )
        for user in dict.fromkeys(user for user, _, _ in quotas)  # Kafka ignores a user's second entry
    ]
    if entries:
        for each in _ask(client, Request(entries=entries, validate_only=False)).entries:
            _require(each)


def _ask(client: Any, request: Any) -> Any:
    """The client speaks this request and has no method for it."""
    return client._manager.run(client._manager.send, request)  # noqa: SLF001


def _require(answer: Any) -> None:
    from kafka import errors  # noqa: PLC0415

    error = errors.for_code(answer.error_code)
    if error is not errors.NoError:
        raise error(answer.error_message)
