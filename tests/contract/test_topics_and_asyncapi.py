"""topics.yaml, asyncapi.yaml and the code's registry are one, each way; the document is valid AsyncAPI 3.0."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from checks.findings import read_yaml
from checks.inventory import validator
from checks.releases import releases
from jsonschema import Draft7Validator

from chassis.kafka.topics import declared
from deploy.local.places import DEFAULTS
from tests.contract.catalogue import SCHEMAS, SERVICES, envelope_schema, examples, registry, topics

OFFICIAL = Path(__file__).parent / "vendor" / "asyncapi" / "3.0.0.json"


@cache
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = read_yaml(SCHEMAS, SCHEMAS / "asyncapi.yaml")
    return loaded


@cache
def official() -> Draft7Validator:
    return Draft7Validator(json.loads(OFFICIAL.read_text(encoding="utf-8")))


def inlined(node: Any) -> Any:
    """The document with the files it refers to put in their places."""
    if isinstance(node, Mapping):
        target = node.get("$ref", "")
        if isinstance(target, str) and target.startswith("./"):
            return json.loads((SCHEMAS / target).read_text(encoding="utf-8"))
        return {key: inlined(each) for key, each in node.items()}
    if isinstance(node, list):
        return [inlined(each) for each in node]
    return node


def resolved(pointer: str) -> Any:
    found: Any = document()
    for name in pointer.removeprefix("#/").split("/"):
        found = found[name]
    return found


def misplaced(listed: Sequence[str], published: Sequence[str]) -> str:
    """In words: which event of a topic's list stands elsewhere than in EVENTS of its service; empty if none."""
    for at, (is_, wanted) in enumerate(zip_longest(listed, published)):
        if is_ != wanted:
            return f"topics.yaml has {is_} at place {at + 1}; EVENTS has {wanted}. The order is: {', '.join(published)}"
    return ""


def test_the_topics_are_those_of_the_code_with_its_events_in_order() -> None:
    by_topic: dict[str, list[str]] = {}
    for event in registry().values():
        by_topic.setdefault(event.topic, []).append(event.__name__)
    assert topics().keys() == by_topic.keys()
    assert [
        f"{name}: {wrong}" for name, topic in topics().items() if (wrong := misplaced(topic["events"], by_topic[name]))
    ] == []


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        (["Opened", "Closed", "Moved"], "has Closed at place 2; EVENTS has Moved. The order is: Opened, Moved, Closed"),
        (["Opened", "Moved"], "has None at place 3; EVENTS has Closed"),
        (["Opened", "Moved", "Closed"], ""),
    ],
)
def test_the_judge_of_order_names_the_event_and_the_order(listed: list[str], words: str) -> None:
    assert words in misplaced(listed, ["Opened", "Moved", "Closed"])
    assert bool(misplaced(listed, ["Opened", "Moved", "Closed"])) == bool(words)


def test_the_table_of_the_first_page_has_writer_and_readers_of_every_topic() -> None:
    page = (SCHEMAS.parent / "README.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(ph\.[\w.]+\.v1)` \| (\w+) \| ([\w, ]+) \| ([\w, ]+) \|$", page, re.MULTILINE)
    assert {
        topic: (owner, [each for each in readers.split(", ") if each != "nobody"]) for topic, owner, readers, _ in told
    } == {name: (topic["owner"], topic["readers"]) for name, topic in topics().items()}
    for topic, _owner, _readers, events in told:
        assert set(events.split(", ")) <= set(topics()[topic]["events"])


def test_the_topics_name_the_keys_of_the_code() -> None:
    for name, topic in topics().items():
        keys = {event.key_field for event in registry().values() if event.topic == name}
        assert set(topic["key"].split(" or ")) == keys


def test_the_tool_that_creates_topics_reads_the_file() -> None:
    for topic in declared(SCHEMAS / "topics.yaml"):
        standing = topic.name == "ph.reference.v1"
        single = topic.name.endswith((".reference.v1", ".operations.v1", ".journey.v1"))
        assert (topic.partitions, topic.replication, topic.keyed) == (1 if single else 6, 3, True)
        assert topic.config["retention.ms"] == ("-1" if standing else str(1096 * 24 * 3600 * 1000))
        policy = {"ph.reference.v1": "compact", "ph.referral.keys.v1": "compact,delete"}.get(topic.name, "delete")
        assert topic.config["cleanup.policy"] == policy
        assert topic.config["compression.type"] == "uncompressed"
        assert topic.config["min.insync.replicas"] == "2"
    for topic in declared(SCHEMAS / "topics.yaml", replication=1):
        assert topic.replication == 1


def test_asyncapi_is_valid_by_the_official_schema() -> None:
    assert [error.message for error in official().iter_errors(document())] == []


def test_asyncapi_is_valid_with_its_files_put_in() -> None:
    assert [error.message for error in official().iter_errors(inlined(document()))] == []


def test_the_official_schema_does_refuse() -> None:
    broken = copy.deepcopy(document())
    broken["operations"]["referralPublishes"]["action"] = "shout"
    assert not official().is_valid(broken)


def test_asyncapi_has_one_channel_per_topic_with_its_settings() -> None:
    channels = {channel["address"]: channel for channel in document()["channels"].values()}
    assert set(channels) == set(topics())
    for address, channel in channels.items():
        topic, kafka = topics()[address], channel["bindings"]["kafka"]
        assert channel["description"] == topic["description"]
        named = [part for part in address.split(".")[1:-1] if part != topic["owner"]]
        besides = "".join(f": {part}" for part in named)
        assert channel["title"] == f"Events of the {topic['owner']} service{besides}"
        assert channel["tags"] == [{"name": topic["owner"]}]
        assert kafka["topic"] == address
        assert kafka["partitions"] == topic["partitions"]
        days = topic["retention_days"]
        assert kafka["topicConfiguration"]["retention.ms"] == (days if days < 0 else days * 24 * 3600 * 1000)
        assert kafka["topicConfiguration"]["cleanup.policy"] == topic["config"]["cleanup.policy"].split(",")
        assert kafka["topicConfiguration"]["max.message.bytes"] == topic["config"]["max.message.bytes"]


def test_asyncapi_has_every_event_of_the_code_as_a_message_of_its_own() -> None:
    messages = {}
    for channel in document()["channels"].values():
        for name, reference in channel["messages"].items():
            assert reference["$ref"] == f"#/components/messages/{name}"
            message = resolved(reference["$ref"])
            _, service, event, _ = name.split(".")
            assert registry()[f"{service}/{event}"].topic == channel["address"]
            messages[f"{service}/{event}"] = message
    assert set(messages) == set(registry())
    assert len(document()["components"]["messages"]) == len(messages)
    for name, message in messages.items():
        event = registry()[name]
        assert message["name"] == event.type
        assert message["payload"]["$ref"] == f"./events/{name}.v1.json"
        assert message["headers"]["$ref"] == "./envelope.v1.json"
        assert message["bindings"]["$ref"].endswith(f"/{event.key_field}")
        schema = json.loads((SCHEMAS / f"events/{name}.v1.json").read_text(encoding="utf-8"))
        assert (message["title"], message["summary"]) == (schema["title"], schema["description"])
        assert message["tags"] == [{"name": event.service}]
        key, described = resolved(message["bindings"]["$ref"].removeprefix("#/"))["kafka"]["key"], schema["properties"]
        assert {name: key[name] for name in ("type", "format")} == {"type": "string", "format": "uuid"}
        assert key["description"].endswith(described[event.key_field]["description"])


def test_asyncapi_has_every_golden_example_where_generators_look_for_examples() -> None:
    told = {
        f"{name}/{example['name']}": (example["headers"], example["payload"])
        for name, message in document()["components"]["messages"].items()
        for example in message["examples"]
    }
    assert told == {
        f"{each.event.type}/{Path(each.file).stem}": (dict(each.headers), dict(each.value)) for each in examples()
    }
    for headers, _payload in told.values():
        validator(envelope_schema()).validate(headers)


def test_asyncapi_names_the_servers_with_the_address_of_the_local_stack() -> None:
    servers = document()["servers"]
    assert {name: server["protocol"] for name, server in servers.items()} == {
        "local": "kafka",
        "programme": "kafka-secure",
    }
    assert servers["local"]["host"] == f"127.0.0.1:{DEFAULTS.kafka}"
    assert servers["programme"]["security"] == [{"type": "scramSha512"}]


def test_asyncapi_has_a_send_operation_per_topic_and_a_receive_operation_per_reader() -> None:
    found = {
        (name, operation["action"], resolved(operation["channel"]["$ref"])["address"])
        for name, operation in document()["operations"].items()
    }
    wanted = {(f"{topic['owner']}Publishes", "send", name) for name, topic in topics().items()}
    wanted -= {("referralPublishes", "send", "ph.reference.v1")}
    wanted |= {("referralPublishesReference", "send", "ph.reference.v1")}
    wanted -= {("referralPublishes", "send", "ph.referral.keys.v1")}
    wanted |= {("referralPublishesReferralKeys", "send", "ph.referral.keys.v1")}
    for owner in ("counselling", "placement", "referral", "training"):
        wanted -= {(f"{owner}Publishes", "send", f"ph.{owner}.operations.v1")}
        wanted |= {(f"{owner}Publishes{owner.title()}Operations", "send", f"ph.{owner}.operations.v1")}
    for name, topic in topics().items():
        part = "".join(each.title() for each in name.split(".")[1:-1])
        wanted |= {(f"{reader}Reads{part}", "receive", name) for reader in topic["readers"]}
    assert found == wanted


def test_asyncapi_says_what_it_is_and_which_release() -> None:
    info = document()["info"]
    told = read_yaml(SCHEMAS, SCHEMAS / "asyncapi.info.yaml")
    assert (info["title"], info["description"]) == (told["title"], told["description"])
    assert document()["id"] == told["id"] == "urn:perspektive-heimat:events"
    assert info["tags"] == [{"name": service} for service in SERVICES]
    assert info["version"] == releases(SCHEMAS)[-1]
    content_type = envelope_schema()["properties"]["content-type"]["const"]
    assert document()["defaultContentType"] == content_type == "application/json"


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("released/*")), ids=lambda path: path.name)
def test_asyncapi_is_not_behind_a_release(path: Path) -> None:
    version = tuple(map(int, document()["info"]["version"].split(".")))
    assert version >= tuple(map(int, path.name.split(".")))
