"""Makes the Secrets that an environment needs and prints them for `kubectl create -f -`; nothing is overwritten there.

    python -m deploy.k8s.make_secrets local | kubectl create -f -

`local` is all of overlays/local: passwords, an authority for each server, keys of an issuer of its own. They lie in
.local/k8s/local/ too, for whoever plays the story. `production` and `staging` are what no operator of the cluster
makes: passwords of database roles, and the services' own keys; they are written nowhere else. Use it where no store of
secrets does (components/external-secrets).
"""

from __future__ import annotations

import argparse
import base64
import json
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from deploy.local.authority import Authority
from deploy.local.issuer import Issuer
from deploy.local.organisations import LIST_NAME, RECEIVING, private_keys, public_list
from deploy.local.places import LOCAL, SERVICES
from deploy.local.postgres import write_secret
from deploy.local.stack import SEALING

DIRECTORY = LOCAL / "k8s" / "local"
NAMESPACES = {
    "local": "perspektive-heimat-local",
    "staging": "perspektive-heimat-staging",
    "production": "perspektive-heimat",
}
ROLES = ("app", "migrator", "operator")
KAFKA_USERS = (*SERVICES, "operators")
"""Where Strimzi runs, it makes their passwords itself."""

Secret = dict[str, Any]


def first_generation() -> str:
    """The first line of a file of keys: 32 random bytes in base64, under a name."""
    return f"first {base64.b64encode(secrets.token_bytes(32)).decode()}"


KEYS: Mapping[str, Mapping[str, Callable[[], str]]] = {
    f"{service}-vault-keys": {"keys": first_generation} for service in SEALING
}
"""The services' own keys, by Secret and file: what is sealed with them is lost without them. A service that gets a
further key file has its line here, in its api.yaml and worker.yaml, and in components/external-secrets/keys.yaml."""


class Files:
    """Secrets of a local environment: made once, kept in a directory, the same at each call."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def word(self, name: str, make: Callable[[], str]) -> str:
        """The content of a file, which `make` gives it at first."""
        file = self.directory / name
        if not file.exists():
            write_secret(file, make())
        return file.read_text(encoding="utf-8").strip()


def forgotten(_name: str, make: Callable[[], str]) -> str:
    """A secret that is kept by the cluster alone."""
    return make()


def secrets_of(environment: str, directory: Path = DIRECTORY) -> list[Secret]:
    """Every Secret of this environment that nobody else makes."""
    namespace = NAMESPACES[environment]
    local = Files(directory) if environment == "local" else None
    word = forgotten if local is None else local.word
    made = [*_database_roles(word), *_keys(word), *_organisations(word)]
    if local is not None:
        made += [*_kafka(local, namespace), *_postgres(local, namespace), _issuer(local)]
    for each in made:
        each["metadata"]["namespace"] = namespace
    return made


def _database_roles(word: Callable[[str, Callable[[], str]], str]) -> Iterator[Secret]:
    for service in SERVICES:
        for role in ROLES:
            user = f"{service}_{role}"
            password = word(f"{user}.password", password_of_its_own)
            # CloudNativePG sets the role's new password as soon as this one changes.
            yield _secret(
                f"{service}-{role}",
                {"username": user, "password": password},
                kind="kubernetes.io/basic-auth",
                labels={"cnpg.io/reload": "true"},
            )


def password_of_its_own() -> str:
    """Nobody types it."""
    return secrets.token_urlsafe(24)


def _keys(word: Callable[[str, Callable[[], str]], str]) -> Iterator[Secret]:
    for name, files in KEYS.items():
        yield _secret(name, {file: word(f"{name}.{file}", make) for file, make in files.items()})


def _organisations(word: Callable[[str, Callable[[], str]], str]) -> Iterator[Secret]:
    """The key pairs of the organisations that are handed keys of profiles; the public half is no secret, and follows
    from the other."""
    made = {service: word(f"{service}-private-keys.keys", partial(private_keys, service)) for service in RECEIVING}
    for service, keys in made.items():
        yield _secret(f"{service}-private-keys", {"keys": keys})
    yield _secret("public-keys", {LIST_NAME: public_list(made.values(), "make_secrets")})


def _kafka(local: Files, namespace: str) -> Iterator[Secret]:
    for user in KAFKA_USERS:
        yield _secret(user, {"password": local.word(f"kafka_{user}.password", password_of_its_own)})
    authority = Authority(local.directory / "kafka")
    certificate, key = authority.issue("chain-kafka", _names("chain-kafka-bootstrap", namespace))
    yield _secret("chain-kafka-server", {"keystore.pem": key + certificate})
    yield _secret("chain-cluster-ca-cert", {"ca.crt": authority.file.read_text(encoding="utf-8")})


def _postgres(local: Files, namespace: str) -> Iterator[Secret]:
    for service in SERVICES:
        password = local.word(f"{service}_superuser.password", password_of_its_own)
        yield _secret(
            f"{service}-db-superuser", {"username": "postgres", "password": password}, kind="kubernetes.io/basic-auth"
        )
        authority = Authority(local.directory / f"{service}-db")
        certificate, key = authority.issue(f"{service}-db", _names(f"{service}-db-rw", namespace))
        tls = {"tls.crt": certificate, "tls.key": key}
        yield _secret(f"{service}-db-server", tls, kind="kubernetes.io/tls")
        yield _secret(f"{service}-db-ca", {"ca.crt": authority.file.read_text(encoding="utf-8")})


def _issuer(local: Files) -> Secret:
    issuer = Issuer(local.directory)
    issuer.make()
    return _secret("issuer-keys", {"keys.json": issuer.jwks_file.read_text(encoding="utf-8")})


def _names(service: str, namespace: str) -> list[str]:
    return [service, f"{service}.{namespace}", f"{service}.{namespace}.svc", f"{service}.{namespace}.svc.cluster.local"]


def _secret(
    name: str, data: Mapping[str, str], *, kind: str = "Opaque", labels: Mapping[str, str] | None = None
) -> Secret:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/part-of": "perspektive-heimat", **(labels or {})}},
        "type": kind,
        "stringData": dict(data),
    }


def main() -> None:
    """Prints the Secrets as one list."""
    parser = argparse.ArgumentParser(prog="python -m deploy.k8s.make_secrets", description=main.__doc__)
    parser.add_argument("environment", choices=NAMESPACES)
    options = parser.parse_args()
    if sys.stdout.isatty():
        parser.error("these are secrets: send them to kubectl, as in `... | kubectl create -f -`")
    json.dump({"apiVersion": "v1", "kind": "List", "items": secrets_of(options.environment)}, sys.stdout)


if __name__ == "__main__":
    main()
