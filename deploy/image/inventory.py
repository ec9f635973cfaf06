"""What is in an image, as CycloneDX 1.6 (JSON): each package of the locks that was installed, and who needs it.

Made from the locks, never from a look at the image: what would lie there without being locked is a fault that
`installed` and lock show together. The same locks give the same document, so it has no time of its own.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.image.content import AssemblyError, Package

_PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^\s;]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_FROM_SOURCE = "-r "


@dataclass(slots=True)
class Pin:
    """An entry of a lock: its hashes, and the packages that asked for it; `asked_for` by the source file itself."""

    version: str
    hashes: set[str] = field(default_factory=set)
    needed_by: set[str] = field(default_factory=set)
    asked_for: bool = False


def read(files: Iterable[Path]) -> dict[str, Pin]:
    """The entries of these locks, by name."""
    pins: dict[str, Pin] = {}
    for file in files:
        current = Pin("")
        for line in file.read_text(encoding="utf-8").splitlines():
            if (start := _PIN.match(line)) is not None:
                current = pins.setdefault(start[1], Pin(start[2]))
            elif (found := _HASH.search(line)) is not None:
                current.hashes.add(found[1])
            elif line.startswith(("    # via", "    #   ")):
                _note(current, line.removeprefix("    # via").removeprefix("    #").strip())
    return pins


def _note(pin: Pin, who: str) -> None:
    if who.startswith(_FROM_SOURCE):
        pin.asked_for = True
    elif who:
        pin.needed_by.add(who)


def document(installed: Iterable[Package], files: Iterable[Path], *, name: str, version: str) -> dict[str, Any]:
    """The inventory. Raises `AssemblyError` if something was installed that no lock has."""
    pins = read(files)
    packages = {package.name: package for package in installed}
    for package in packages.values():
        pin = pins.get(package.name)
        if pin is None or pin.version != package.version or package.sha256 not in pin.hashes:
            raise AssemblyError(f"{package.name} {package.version} is not what the lock says: run `make lock`")
    here = f"{name}@{version}"
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, _essence(here, packages))}",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": here, "name": name, "version": version}},
        "components": [_component(package) for package in packages.values()],
        "dependencies": [
            {"ref": here, "dependsOn": [_purl(packages[each]) for each in packages if pins[each].asked_for]},
            *({"ref": _purl(package), "dependsOn": _needs(package, packages, pins)} for package in packages.values()),
        ],
    }


def _component(package: Package) -> dict[str, Any]:
    known: dict[str, Any] = {"licenses": [{"expression": package.license}]} if package.license else {}
    return {
        "type": "library",
        "bom-ref": _purl(package),
        "name": package.name,
        "version": package.version,
        "purl": _purl(package),
        "hashes": [{"alg": "SHA-256", "content": package.sha256}],
        **known,
    }


def _needs(package: Package, packages: Mapping[str, Package], pins: Mapping[str, Pin]) -> list[str]:
    return [_purl(other) for name, other in packages.items() if package.name in pins[name].needed_by]


def _purl(package: Package) -> str:
    return f"pkg:pypi/{package.name}@{package.version}"


def _essence(here: str, packages: Mapping[str, Package]) -> str:
    return "\n".join([here, *(f"{package.name} {package.sha256}" for package in packages.values())])
