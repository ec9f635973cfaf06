"""Where the local stack keeps its things, and which ports it uses."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
"""Everything the stack makes lies here, ignored by git: venv, jars, data, logs, secrets."""

SERVICES = ("referral", "training", "counselling", "placement", "journey")

KAFKA_VERSIONS = ("4.4.0", "4.3.1")
"""Which the stack can run, the first unless it is told another. 4.3.1 is the newest that Strimzi 1.2 supports."""

STAGES = ("jars", "PostgreSQL", "databases and tables", "Kafka", "topics", "services")
"""What a start consists of, in the order in which each is done."""


class StackError(Exception):
    """Something that a person can mend: says what, and how."""


@dataclass(frozen=True)
class Ports:
    """TCP ports on 127.0.0.1."""

    postgres: int
    kafka: int
    kafka_controller: int
    referral: int
    training: int
    counselling: int
    placement: int
    journey: int
    kafka_secured: int = 59094
    provider: int = 8100

    def of(self, name: str) -> int:
        """The port of a part by its name."""
        port: int = getattr(self, name)
        return port


DEFAULTS = Ports(55432, 59092, 59093, 8101, 8102, 8103, 8104, 8105, 59094)


def configured_ports() -> Ports:
    """The default ports, each overridable by an environment variable such as PH_PORT_POSTGRES."""
    return Ports(**{name: _configured(name, port) for name, port in vars(DEFAULTS).items()})


def free_ports() -> Ports:
    """Ports that nobody uses now; for tests, beside a running stack.

    They lie below the range that the kernel hands out for outgoing connections: there, a client that knocks at a
    stopped server's port can be given that very port and end up talking to itself.
    """
    unused = _unused_ports()
    return Ports(*(next(unused) for _ in vars(DEFAULTS)))


def free_port() -> int:
    """One more port such as those of `free_ports`; for a second process of a service."""
    return next(_unused_ports())


def configured_login() -> Literal["none", "scram"]:
    """How services log in to Kafka, as the environment variable PH_KAFKA says: `scram`, or not at all (`plain`)."""
    match os.environ.get("PH_KAFKA", "").strip() or "plain":
        case "plain":
            return "none"
        case "scram":
            return "scram"
        case other:
            raise StackError(f"PH_KAFKA is {other!r}: say scram, or plain for a Kafka without login.")


def configured_kafka() -> str:
    """Which Kafka runs, as the environment variable PH_KAFKA_VERSION says: the first of `KAFKA_VERSIONS` if nothing."""
    version = os.environ.get("PH_KAFKA_VERSION", "").strip() or KAFKA_VERSIONS[0]
    if version not in KAFKA_VERSIONS:
        raise StackError(f"PH_KAFKA_VERSION is {version!r}: say one of {', '.join(KAFKA_VERSIONS)}.")
    return version


def require_free(ports: Ports) -> None:
    """Raises `StackError` that names a taken port, what it is for, and the way out."""
    for name, port in vars(ports).items():
        if not _is_free(port):
            raise StackError(
                f"Port {port}, meant for {name}, is taken. If an earlier run left something behind: make stop. "
                f"Otherwise choose another: {_variable(name)}={next(_unused_ports())} make run"
            )


def _configured(name: str, default: int) -> int:
    text = os.environ.get(_variable(name), "").strip()
    if not text:
        return default
    if not (text.isdecimal() and 0 < int(text) < 65536):
        raise StackError(f"{_variable(name)} is {text!r}, which is no port: give a number from 1 to 65535.")
    return int(text)


def _variable(name: str) -> str:
    return f"PH_PORT_{name.upper()}"


def _unused_ports() -> Iterator[int]:
    candidates = random.sample(range(20_000, 32_000), 500)
    return (port for port in candidates if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
