"""Where the local stack keeps its things, and which ports it uses."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
"""Everything the stack makes lies here, ignored by git: venv, jars, data, logs, secrets."""

SERVICES = ("referral", "training", "counselling", "placement")


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

    def of(self, name: str) -> int:
        """The port of a part by its name."""
        port: int = getattr(self, name)
        return port


DEFAULTS = Ports(55432, 59092, 59093, 8101, 8102, 8103, 8104)


def configured_ports() -> Ports:
    """The default ports, each overridable by an environment variable such as PH_PORT_POSTGRES."""
    return Ports(**{name: int(os.environ.get(f"PH_PORT_{name.upper()}", port)) for name, port in vars(DEFAULTS).items()})


def free_ports() -> Ports:
    """Ports that nobody uses now; for tests, beside a running stack."""
    sockets = [socket.socket() for _ in vars(DEFAULTS)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return Ports(*(each.getsockname()[1] for each in sockets))
    finally:
        for each in sockets:
            each.close()


def require_free(ports: Ports) -> None:
    """Raises `StackError` that names a taken port, what it is for, and the way out."""
    for name, port in vars(ports).items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise StackError(
                    f"Port {port}, meant for {name}, is taken. If an earlier run left something behind: make stop. "
                    f"Otherwise choose another: PH_PORT_{name.upper()}={port + 1000} make run"
                ) from error
