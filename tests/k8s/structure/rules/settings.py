"""A service's variables are settings that it knows, with values that it takes; files that they name are mounted."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import PurePosixPath
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from chassis.operators.cli.targets import ApiSettings, OperatorDatabaseSettings, OperatorSettings
from chassis.settings import (
    AudienceSettings,
    DatabaseSettings,
    KafkaSettings,
    PublicKeySettings,
    Settings,
    VaultSettings,
)
from deploy.local.places import ROOT
from deploy.local.stack import SEALING
from tests.k8s.structure.declared import services
from tests.k8s.structure.documents import Finding, Rendered, Workload

IMAGES = ("perspektive-heimat", "perspektive-heimat-operators")
"""Ours: that of the services, and the same with what operators run besides."""
README = 'Settings that there are stand in the README, "Settings".'
OF_SERVICE: tuple[type[BaseSettings], ...] = (
    DatabaseSettings,
    AudienceSettings,
    ApiSettings,
    OperatorDatabaseSettings,
)
SHARED: tuple[type[BaseSettings], ...] = (Settings, KafkaSettings, OperatorSettings)


@cache
def models(service: str) -> tuple[tuple[type[BaseSettings], str], ...]:
    """Every model of settings that a process of the service may read, with its prefix."""
    found = [(model, str(model.model_config.get("env_prefix") or "")) for model in SHARED]
    found += [(model, f"{service.upper()}_") for model in OF_SERVICE]
    if service in SEALING:
        found += [(VaultSettings, f"{service.upper()}_"), (PublicKeySettings, "")]
    for path in sorted((ROOT / "services" / service).rglob("settings.py")):
        module = importlib.import_module(".".join(path.relative_to(ROOT / "services").with_suffix("").parts))
        own = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, BaseSettings)]
        found += [(each, str(each.model_config.get("env_prefix") or "")) for each in own if each is not BaseSettings]
    return tuple(found)


def known(service: str) -> set[str]:
    """The names of all its variables."""
    return {f"{prefix}{name}".upper() for model, prefix in models(service) for name in model.model_fields}


def of_us(rendered: Rendered) -> Iterator[tuple[Workload, str, str, dict[str, Any]]]:
    """The containers that run an image of ours in the pods of a service: workload, service, field, container."""
    for workload in rendered.workloads:
        service = workload.labels.get("app.kubernetes.io/name", "")
        for field, container in workload.containers():
            if service in services() and name_of(str(container.get("image"))) in IMAGES:
                yield workload, service, field, dict(container)


def repository(image: str) -> str:
    """An image without tag and digest."""
    path, at, _ = image.partition("@")
    head, slash, last = path.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}" if at or ":" in last else path


def name_of(image: str) -> str:
    """An image without tag, digest and registry."""
    return repository(image).rpartition("/")[2]


def names(rendered: Rendered) -> Iterator[Finding]:
    for workload, service, field, container in of_us(rendered):
        for name in rendered.environment(container):
            if name not in known(service):
                problem = f"{service} knows no such setting, and would go by its default"
                yield Finding(workload.place, f"{field}.env[{name}]", problem, README)


def values(rendered: Rendered) -> Iterator[Finding]:
    """What the service itself would say about its settings when it starts."""
    for workload, service, field, container in of_us(rendered):
        if container["name"] != "service":
            continue  # a command such as `ph migrate` reads some of them
        given = {name: value or "known-in-the-cluster" for name, value in rendered.environment(container).items()}
        with _only(given):
            for model, prefix in models(service):
                if model in {ApiSettings, OperatorDatabaseSettings, OperatorSettings}:
                    continue
                try:
                    model(_env_prefix=prefix)
                except ValidationError as error:
                    for each in error.errors(include_input=False, include_url=False):
                        name = prefix + "_".join(map(str, each["loc"])).upper()
                        yield Finding(workload.place, f"{field}.env[{name}]", each["msg"], README)


def files(rendered: Rendered) -> Iterator[Finding]:
    """A file that a setting names lies below a mount, and is one of those that the volume brings."""
    for workload, _, field, container in of_us(rendered):
        brought = mounted(rendered, workload, container)
        for name, value in rendered.environment(container).items():
            wanted = value if name.endswith("_FILE") else _root_certificate(value or "")
            if not wanted:
                continue
            path = PurePosixPath(wanted)
            mounts = [mount for mount in brought if path.is_relative_to(mount)]
            at = f"{field}.env[{name}]"
            if not mounts:
                yield Finding(workload.place, at, f"{path} lies in no mount", "Mount the volume that brings it.")
            elif (there := brought[max(mounts, key=lambda each: len(each.parts))]) is not None and path not in there:
                yield Finding(workload.place, at, f"no volume brings {path}", "Add it to the items of the volume.")


def mounted(
    rendered: Rendered, workload: Workload, container: dict[str, Any]
) -> dict[PurePosixPath, set[PurePosixPath] | None]:
    """Each mount with the files below it; None where the files are not said."""
    volumes = {each["name"]: each for each in workload.pod.get("volumes", [])}
    found: dict[PurePosixPath, set[PurePosixPath] | None] = {}
    for mount in container.get("volumeMounts", []):
        root, volume = PurePosixPath(mount["mountPath"]), volumes.get(mount["name"], {})
        holders = [volume, *volume.get("projected", {}).get("sources", [])]
        sources = [source for each in holders for kind in ("secret", "configMap") if (source := each.get(kind))]
        listed = [item["path"] for source in sources for item in source.get("items") or []]
        whole = [source for source in sources if not source.get("items")]
        found[root] = None if whole or not sources else {root / path for path in listed}
    return found


def _root_certificate(url: str) -> str:
    return url.partition("sslrootcert=")[2].partition("&")[0]


@contextmanager
def _only(environment: dict[str, str]) -> Iterator[None]:
    """The process's environment is this for the length of the block."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
