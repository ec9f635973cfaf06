"""What `schemas/topics.yaml` says, which the manifests must agree with; and which servers the operators run."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from chassis.kafka.topics import DECLARATION
from deploy.local.places import ROOT

PLATFORM = ROOT / "deploy" / "k8s" / "platform"


@cache
def topics() -> dict[str, dict[str, Any]]:
    """The declared topics as they stand in the file: the rules read them without the code that writes the manifests."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(DECLARATION.read_text(encoding="utf-8"))["topics"]
    return found


def services() -> list[str]:
    """Whoever writes or reads."""
    return sorted({name for each in topics().values() for name in (each["owner"], *each["readers"])})


def read_by(service: str) -> dict[str, dict[str, Any]]:
    """The topics that a service reads."""
    return {name: each for name, each in topics().items() if service in each["readers"]}


def shared_out_to(service: str) -> dict[str, dict[str, Any]]:
    """Of these, the ones whose load workers share; one of a single partition has nothing for a worker more."""
    return {name: each for name, each in read_by(service).items() if each["partitions"] > 1}


def consumers() -> list[str]:
    """Services that read a topic."""
    return [service for service in services() if read_by(service)]


@cache
def kafka_version() -> str:
    """Of the brokers that Strimzi runs."""
    return str(yaml.safe_load((PLATFORM / "kafka" / "kafka.yaml").read_text())["spec"]["kafka"]["version"])


@cache
def postgres_major() -> str:
    """Of the servers that CloudNativePG runs."""
    (image,) = yaml.safe_load((PLATFORM / "postgres" / "images" / "catalogue.yaml").read_text())["spec"]["images"]
    return str(image["major"])
