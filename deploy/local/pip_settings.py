"""Hands pip's settings of this machine (mirror, proxy, certificates) over to uv, which does not read them itself.

Addresses may carry a password, so they go by environment, never by argument, file or message.
"""

from __future__ import annotations

import ast
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_SYSTEM_CERTIFICATES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
_SECTIONS = ("global.", "install.", ":env:.")
"""Of `pip config list`, each stronger than the one before."""


@dataclass(frozen=True)
class Uv:
    """How to call uv here: the environment it gets, and the arguments after its command."""

    environment: dict[str, str]
    arguments: list[str]


def for_uv(listed: str, environment: Mapping[str, str]) -> Uv:
    """Translates what `pip config list` says. What the user has set for uv itself stays as it is."""
    pip = parse(listed)
    return Uv({**environment, **_connection(pip, environment), **_indexes(pip, environment)}, list(_arguments(pip)))


def parse(listed: str) -> dict[str, str]:
    """The settings in force from the output of `pip config list`, without their section."""
    found: dict[str, str] = {}
    lines = [line.partition("=") for line in listed.splitlines()]
    for section in _SECTIONS:
        for name, _, value in lines:
            if name.startswith(section):
                found[name.removeprefix(section).removeprefix("default-").replace("_", "-")] = ast.literal_eval(value)
    return found


def certificates(environment: Mapping[str, str]) -> str | None:
    """The trust store as pip finds it: named for this user, else the system's; None if there is none."""
    named = [environment.get(name, "") for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")]
    candidates = (*named, ssl.get_default_verify_paths().cafile, *_SYSTEM_CERTIFICATES)
    return next((path for path in candidates if path and Path(path).exists()), None)


def _indexes(pip: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    folders = [place for place in pip.get("find-links", "").split() if "://" in place or Path(place).exists()]
    wanted = {
        "UV_DEFAULT_INDEX": pip.get("index-url", ""),
        "UV_INDEX": " ".join(pip.get("extra-index-url", "").split()),
        "UV_FIND_LINKS": ",".join(folders),
        "UV_INSECURE_HOST": " ".join(pip.get("trusted-host", "").split()),
        # As pip does, whichever index has the locked version is asked for it; the hash says that it is the right one.
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_KEYRING_PROVIDER": "subprocess" if pip.get("keyring-provider") in {"subprocess", "import"} else "",
    }
    return {name: value for name, value in wanted.items() if value and not environment.get(name)}


def _connection(pip: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    trusted = pip.get("cert") or certificates(environment)
    wanted = {
        "SSL_CERT_DIR" if trusted and Path(trusted).is_dir() else "SSL_CERT_FILE": trusted,
        "SSL_CLIENT_CERT": pip.get("client-cert"),
        "UV_HTTP_TIMEOUT": pip.get("timeout"),
        "UV_HTTP_RETRIES": pip.get("retries"),
    }
    if proxy := pip.get("proxy"):
        wanted |= dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy)
    return {name: value for name, value in wanted.items() if value}


def _arguments(pip: Mapping[str, str]) -> Iterator[str]:
    if pip.get("no-index", "").lower() in {"1", "true", "yes", "on"}:
        yield "--no-index"
    for name in ("only-binary", "no-binary"):
        for package in pip.get(name, "").replace(",", " ").split():
            yield from (f"--{name}", package)
