"""Topics are declared in `schemas/topics.yaml`, never auto-created. This brings a cluster to the declaration.

What could lose or disorder events is not done: topics are never deleted, partitions never reduced, and a
keyed topic gets more only on request, because a key then moves to another partition while its older events
still lie in the first. Settings that somebody made on a topic and that are not declared stay as they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from time import monotonic
from typing import Any, Literal

import yaml
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    BrokerResponseError,
    ClusterAuthorizationFailedError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)
from aiokafka.protocol.metadata import MetadataRequest
from pydantic import BaseModel, Field, ValidationError

from chassis.settings import ROOT
from chassis.trouble import Trouble

DECLARATION = ROOT / "schemas" / "topics.yaml"
PREFIX = "ph."
"""Topics of other systems on the same cluster are none of our business."""
MS_PER_DAY = 86_400_000
TOPIC_OVERRIDE = 1
"""`DYNAMIC_TOPIC_CONFIG` among the sources of a setting in Kafka's protocol: set on the topic itself."""
VISIBLE_SECONDS = 15.0
DENIALS = (TopicAuthorizationFailedError.errno, ClusterAuthorizationFailedError.errno)
"""The codes by which a broker says that this user may not do it."""


class Entry(BaseModel):
    """What this module needs of one declared topic; `schemas/` describes and checks the rest."""

    key: str | None = Field(description="what the record key is; null only for a topic without order")
    partitions: int = Field(ge=1, le=10_000)
    replication: int | None = Field(default=None, ge=1)
    retention_days: int | None = Field(default=None, ge=-1, description="-1 keeps for ever; absent: cluster's default")
    config: dict[str, str | bool | int | float] = {}
    owner: str = Field(default="", description="the service that writes")
    readers: list[str] = Field(default=[], description="services that consume it")


class Defaults(BaseModel):
    """Values of every topic that does not say otherwise."""

    replication: int = Field(ge=1)


class Declaration(BaseModel):
    """`topics.yaml` as a whole."""

    defaults: Defaults
    quotas: dict[str, float] = Field(default={}, description="of each service's user, by Kafka's own names")
    topics: dict[str, Entry]


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it shall be, or as it is found. `config` holds what is set on the topic itself.

    `hidden`: the right that this user would need to see it, or its settings. A topic that hides behind `Describe` may
    exist or not: a broker does not tell.
    """

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str]
    keyed: bool = True
    hidden: Literal["", "Describe", "DescribeConfigs"] = ""


class Action(StrEnum):
    """What is to be done about a topic."""

    CREATE = "create"
    PARTITIONS = "add partitions"
    CONFIG = "alter config"
    REFUSED = "refused"
    DENIED = "not allowed"
    REPORTED = "not declared"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between declaration and cluster. `target` is the topic as it is after the change."""

    topic: str
    action: Action
    detail: str
    remedy: str = ""
    target: Topic | None = field(default=None, repr=False)


def declared(path: Path = DECLARATION, replication: int | None = None) -> tuple[Topic, ...]:
    """The declared topics. `replication` overrides all of them, for a cluster of fewer brokers than declared.

    Raises `Trouble` like `declaration`.
    """
    document = declaration(path)
    return tuple(
        _topic(name, entry, replication or entry.replication or document.defaults.replication)
        for name, entry in sorted(document.topics.items())
    )


def declaration(path: Path = DECLARATION) -> Declaration:
    """What is declared. Raises `Trouble` that names the entry and field at fault."""
    try:
        return Declaration.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise Trouble(f"cannot be read ({error.strerror})", where=str(path), remedy="Name it with --file.") from error
    except yaml.YAMLError as error:
        raise Trouble(f"is not YAML: {error}", where=str(path), remedy="Mend the file.") from error
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(part) for part in first["loc"])
        raise Trouble(f"{at}: {first['msg']}", where=str(path), remedy="Mend this entry.") from error


def _topic(name: str, entry: Entry, replication: int) -> Topic:
    config = {key: _setting(value) for key, value in entry.config.items()}
    if entry.retention_days is not None:
        days = entry.retention_days
        config["retention.ms"] = "-1" if days == -1 else str(days * MS_PER_DAY)
    return Topic(name, entry.partitions, replication, config, keyed=entry.key is not None)


def _setting(value: str | bool | int | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def writable(config: Mapping[str, str], replication: int) -> Mapping[str, str]:
    """The settings for a topic with so many replicas. If all of them had to be in sync, one failing broker would stop
    all writing: so `min.insync.replicas` is at most one less, and at least one."""
    in_sync = config.get("min.insync.replicas")
    if in_sync is None or not in_sync.isdigit() or int(in_sync) < replication:
        return config
    return {**config, "min.insync.replicas": str(max(1, replication - 1))}


def compare(wanted: Iterable[Topic], found: Mapping[str, Topic], *, allow_repartition: bool = False) -> list[Change]:
    """Every difference, in order of topic. Pure."""
    changes: list[Change] = []
    names = set()
    for topic in wanted:
        names.add(topic.name)
        there = found.get(topic.name)
        if there is None:
            new = replace(topic, config=writable(topic.config, topic.replication))
            detail = f"{topic.partitions} partitions, replication {topic.replication}{_listed(new.config)}"
            changes.append(Change(topic.name, Action.CREATE, detail, target=new))
        elif there.hidden == "Describe":
            detail = "this user may not see whether it exists"
            changes.append(Change(topic.name, Action.DENIED, detail, granting("Describe", [topic.name])))
        else:
            changes += _differences(topic, there, allow_repartition=allow_repartition)
    for name in sorted(set(found) - names):
        if name.startswith(PREFIX):
            remedy = "Declare it in topics.yaml, or delete it by hand once nobody reads it."
            changes.append(Change(name, Action.REPORTED, f"{found[name].partitions} partitions", remedy))
    return changes


def _differences(topic: Topic, there: Topic, *, allow_repartition: bool) -> Iterable[Change]:
    if topic.partitions != there.partitions:
        yield _repartition(topic, there, allowed=allow_repartition)
    if topic.replication != there.replication:
        yield Change(
            topic.name,
            Action.REFUSED,
            f"replication {there.replication} cannot become {topic.replication} by this tool",
            "Move the replicas with Kafka's reassignment tool, or pass --replication.",
        )
    if there.hidden:
        detail = "this user may not see its settings"
        yield Change(topic.name, Action.DENIED, detail, granting(there.hidden, [topic.name]))
        return
    config = writable(topic.config, there.replication)
    altered = {key: value for key, value in config.items() if there.config.get(key) != value}
    if altered:
        detail = ", ".join(f"{key}: {there.config.get(key, 'default')} -> {new}" for key, new in altered.items())
        # Kafka's request replaces all settings of a topic: those not declared are sent along to stay.
        target = replace(topic, config={**there.config, **config})
        yield Change(topic.name, Action.CONFIG, detail, target=target)


def _repartition(topic: Topic, there: Topic, *, allowed: bool) -> Change:
    detail = f"{there.partitions} -> {topic.partitions} partitions"
    if topic.partitions < there.partitions:
        remedy = "Partitions cannot be reduced: declare the number there is, or move to a new topic."
        return Change(topic.name, Action.REFUSED, detail, remedy)
    if topic.keyed and not allowed:
        remedy = (
            "Keys would move to other partitions and their events could overtake each other. Stop the"
            " producers, let every consumer reach the end, then run with --allow-repartition."
        )
        return Change(topic.name, Action.REFUSED, detail, remedy)
    return Change(topic.name, Action.PARTITIONS, detail, target=topic)


def _listed(config: Mapping[str, str]) -> str:
    return "".join(f", {key}={value}" for key, value in sorted(config.items()))


def granting(right: str, topics: Iterable[str]) -> str:
    """What an operator of the cluster has to do."""
    on = "topic " + ", ".join(sorted(topics))
    return f"Grant this user {right} on {on}{', or Create on the cluster' if right == 'Create' else ''}."


async def survey(client: AIOKafkaAdminClient, asked: Collection[str] = ()) -> dict[str, Topic]:
    """The topics of this system that the cluster has, with what is set on them.

    A list of all topics leaves out those that the user may not describe; one that is `asked` for is told as `hidden`.
    """
    described = [topic for topic in await client.describe_topics() if topic["topic"].startswith(PREFIX)]
    hidden = [topic["topic"] for topic in await _described(client, asked) if topic["error_code"] in DENIALS]
    found = {name: Topic(name, 0, 0, {}, hidden="Describe") for name in hidden}
    resources = [ConfigResource(ConfigResourceType.TOPIC, topic["topic"]) for topic in described]
    settings: dict[str, dict[str, str] | None] = {}
    responses: list[Any] = await client.describe_configs(resources) if resources else []
    for response in responses:
        for code, message, _kind, name, entries in response.resources:
            if code in DENIALS:
                settings[name] = None
                continue
            _accepted("DescribeConfigs", [(name, code, message)])
            settings[name] = {key: value for key, value, _, source, *_ in entries if source == TOPIC_OVERRIDE}
    return found | {topic["topic"]: _found(topic, settings.get(topic["topic"], {})) for topic in described}


async def _described(client: AIOKafkaAdminClient, names: Collection[str]) -> list[dict[str, Any]]:
    """As the client's `describe_topics`, which would create topics on a cluster that makes them by itself."""
    if not names:
        return []
    request = MetadataRequest(list(names), allow_auto_topic_creation=False)
    response = await client._send_request(request)  # noqa: SLF001 - the public call has no such option
    topics: list[dict[str, Any]] = response.to_object()["topics"]
    return topics


def _found(topic: Mapping[str, Any], config: Mapping[str, str] | None) -> Topic:
    replication = min((len(partition["replicas"]) for partition in topic["partitions"]), default=0)
    hidden: Literal["", "DescribeConfigs"] = "DescribeConfigs" if config is None else ""
    return Topic(topic["topic"], len(topic["partitions"]), replication, config or {}, hidden=hidden)


async def plan(
    client: AIOKafkaAdminClient, wanted: Sequence[Topic], *, allow_repartition: bool = False
) -> list[Change]:
    """What `apply` would do on this cluster, what it refuses, what this user may not see; `ph.*` topics that nobody
    declared."""
    return compare(wanted, await survey(client, [topic.name for topic in wanted]), allow_repartition=allow_repartition)


async def apply(client: AIOKafkaAdminClient, changes: Sequence[Change]) -> None:
    """Carries out what the plan allows; returns when the cluster shows it. Raises `Trouble` if refused."""
    targets = [(change.action, change.target) for change in changes if change.target is not None]
    await _create(client, [topic for action, topic in targets if action is Action.CREATE])
    for action, topic in targets:
        if action is Action.PARTITIONS:
            await _repartitioned(client, topic)
        elif action is Action.CONFIG:
            await _configure(client, topic)
    await _visible(client, {topic.name: topic.partitions for _, topic in targets})


async def _create(client: AIOKafkaAdminClient, topics: Sequence[Topic]) -> None:
    if topics:
        new = [NewTopic(t.name, t.partitions, t.replication, topic_configs=dict(t.config)) for t in topics]
        response: Any = await client.create_topics(new)
        there = TopicAlreadyExistsError.errno  # somebody else was faster
        _accepted("Create", [result for result in response.topic_errors if result[1] != there])


async def _repartitioned(client: AIOKafkaAdminClient, topic: Topic) -> None:
    try:
        await client.create_partitions({topic.name: NewPartitions(topic.partitions)})
    except BrokerResponseError as error:
        _accepted("Alter", [(topic.name, error.errno, str(error))])


async def _configure(client: AIOKafkaAdminClient, topic: Topic) -> None:
    resource = ConfigResource(ConfigResourceType.TOPIC, topic.name, dict(topic.config))
    responses: list[Any] = await client.alter_configs([resource])
    for response in responses:
        _accepted("AlterConfigs", [(name, code, message) for code, message, _kind, name in response.resources])


async def _visible(client: AIOKafkaAdminClient, partitions: Mapping[str, int]) -> None:
    """Waits until every partition has a leader: a service that starts right after finds its topics."""
    give_up = monotonic() + VISIBLE_SECONDS
    while partitions:
        described = await _described(client, partitions)
        _accepted("Describe", [(t["topic"], t["error_code"], None) for t in described if t["error_code"] in DENIALS])
        led = {t["topic"]: sum(p["leader"] >= 0 for p in t["partitions"]) for t in described}
        missing = sorted(name for name, count in partitions.items() if led.get(name, 0) < count)
        if not missing:
            return
        if monotonic() > give_up:
            raise Trouble(
                f"no leader for every partition of {', '.join(missing)} after {VISIBLE_SECONDS:g} s",
                where="Kafka",
                remedy="The change was accepted; look at the brokers' health, then run `ph topics plan`.",
            )
        await asyncio.sleep(0.1)


REMEDIES = {
    "InvalidReplicationFactorError": "The cluster has too few brokers: pass --replication, or add brokers.",
    "InvalidConfigurationError": "Mend `config` of this topic in topics.yaml.",
    "PolicyViolationError": "The cluster's policy forbids this: declare what it allows.",
}


def _accepted(right: str, results: Iterable[tuple[str, int, str | None]]) -> None:
    """Raises `Trouble` unless the broker did all of it. `results`: topic, code, message. `right`: what it takes."""
    failed = [result for result in results if result[1]]
    denied = [name for name, code, _ in failed if code in DENIALS]
    if denied:
        what = f"this user lacks the right {right} on {', '.join(sorted(denied))}"
        raise Trouble(what, where="rights on the cluster", remedy=granting(right, denied))
    for topic, code, message in failed:
        error = for_code(code)
        remedy = REMEDIES.get(error.__name__, "See the broker's log for the reason.")
        raise Trouble(f"the broker refuses: {message or error.__name__}", where=f"topic {topic}", remedy=remedy)
