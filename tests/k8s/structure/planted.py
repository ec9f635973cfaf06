"""Mistakes, planted into rendered documents in memory: each must turn its rule red.

A mistake changes the documents that it is given; `rule` is the rule that must find it, `where` a part of the finding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.k8s.structure.documents import Document, Rendered

Change = Callable[[Rendered], None]


@dataclass(frozen=True)
class Mistake:
    """`folder` has to have what is spoiled: production, unless it says otherwise."""

    rule: str
    where: str
    change: Change
    folder: str = "overlays/production"

    @property
    def name(self) -> str:
        return f"{self.rule}-{self.change.__name__}"


ALL: list[Mistake] = []


def mistake(rule: str, where: str, folder: str = "overlays/production") -> Callable[[Change], Change]:
    """Registers a change as a mistake."""

    def register(change: Change) -> Change:
        ALL.append(Mistake(rule, where, change, folder))
        return change

    return register


def need(rendered: Rendered, kind: str, name: str) -> Document:
    """The document to spoil. Raises `AssertionError` if there is none: a mistake that spoils nothing proves nothing."""
    found = rendered.get(kind, name)
    assert found is not None, f"{rendered.name} has no {kind}/{name} to spoil"
    return found


def pod(rendered: Rendered, name: str, kind: str = "Deployment") -> dict[str, Any]:
    spec: dict[str, Any] = need(rendered, kind, name)["spec"]["template"]["spec"]
    return spec


def container(rendered: Rendered, name: str) -> dict[str, Any]:
    """The container `service` of a Deployment."""
    return next(each for each in pod(rendered, name)["containers"] if each["name"] == "service")


def variable(rendered: Rendered, name: str, key: str, value: str) -> None:
    """Sets a variable of the container `service` of a Deployment."""
    there = container(rendered, name).setdefault("env", [])
    there[:] = [each for each in there if each["name"] != key] + [{"name": key, "value": value}]
