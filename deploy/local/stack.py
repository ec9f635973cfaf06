"""The stack as a whole: `make run` has one in `.local/`, each test run has one of its own."""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from deploy.local import processes
from deploy.local.issuer import AUDIENCES, CLIENT, ISSUER, Issuer
from deploy.local.kafka import OPERATORS, Kafka, Login, Profile
from deploy.local.kafka_users import Users
from deploy.local.organisations import OrganisationKeys
from deploy.local.places import LOCAL, ROOT, SERVICES, Ports, StackError, configured_login
from deploy.local.postgres import Postgres, write_secret
from deploy.local.processes import Program

READY_SECONDS = 60
CALLBACK = "/pages/sign-in/callback"
"""Of the pages of journey: where the provider sends people back to."""
STOP_SECONDS = 25
SEALING = SERVICES
"""The services that have a key file: for what only a vault opens, and for what their audit says of persons."""

Say = Callable[[str], None]


def _silent(_text: str) -> None:
    """Says nothing."""


class LocalStack:
    """PostgreSQL, Kafka and the services, with all their data below `directory`."""

    def __init__(
        self,
        directory: Path,
        ports: Ports,
        *,
        durable: bool = True,
        kafka_profile: Profile = "light",
        kafka_login: Login | None = None,
        say: Say = _silent,
    ) -> None:
        self.directory = directory
        self.ports = ports
        self.secrets = directory / "secrets"
        self.logs = directory / "log"
        self._say = say
        self.postgres = Postgres(
            directory / "postgres", self.secrets, self.logs / "postgres.log", ports.postgres, durable=durable
        )
        self.kafka = Kafka(
            directory / "kafka",
            LOCAL / "cache",
            self.logs / "kafka.log",
            ports,
            kafka_profile,
            login=configured_login() if kafka_login is None else kafka_login,
        )
        self.users = Users(self.kafka, self.secrets)
        self.issuer = Issuer(self.secrets)
        self.organisations = OrganisationKeys(self.secrets)
        self.services: dict[str, Program] = {}
        self.provider: Program | None = None

    # --- start -------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """All of it, what is independent side by side; returns once each service is ready.

        Services start in any order, so they load while the broker does, and find the topics when they come to them.
        """
        self._launch_servers()
        self._say("databases and tables")
        self.postgres.wait()
        self.postgres.create_databases()
        self._migrate()
        self.start_provider()
        self._launch_services()
        self._say("Kafka")
        self._wait_for_kafka()
        self._say("topics")
        self._make_topics()
        self._wait_for_services()

    def start_servers(self) -> None:
        """PostgreSQL with its databases, and Kafka; empty."""
        self._launch_servers()
        self.postgres.wait()
        self.postgres.create_databases()
        self._wait_for_kafka()

    def prepare(self) -> None:
        """Migrations and topics: with the servers, all that the services stand on."""
        self._migrate()
        self._make_topics()

    def start_services(self) -> None:
        """All services; returns once each is ready."""
        self._launch_services()
        self._wait_for_services()

    def make_keys(self) -> None:
        """Those that no server needs: the issuer's, the organisations', and the ones by which services seal."""
        self.secrets.mkdir(parents=True, exist_ok=True)
        self.issuer.make()
        self.organisations.make()
        for service in SEALING:
            self._make_keys(service)

    def _launch_servers(self) -> None:
        self.make_keys()
        self._notes.mkdir(parents=True, exist_ok=True)
        (self._notes / "ports").write_text(json.dumps(vars(self.ports)))
        (self._notes / "login").write_text(self.kafka.login)
        if not self.kafka.jars.fetched():
            self._say("jars: about 45 MB of Kafka, once")
            self.kafka.jars.fetch()
        self._say("PostgreSQL")
        self.kafka.format()
        self._note(self.postgres.launch())
        self._note(self.kafka.launch())

    def _make_keys(self, service: str) -> None:
        """The key file of a service, with one generation; a stack from before there were any keeps its key."""
        file, before = self._keys_of(service), self.secrets / "profile.key"
        if not file.exists():
            kept = service == "referral" and before.exists()
            key = before.read_text().strip() if kept else base64.b64encode(secrets.token_bytes(32)).decode()
            write_secret(file, f"first {key}")

    def _keys_of(self, service: str) -> Path:
        return self.secrets / f"{service}-vault.keys"

    def _migrate(self) -> None:
        self.ph("migrate", "--all")

    def _wait_for_kafka(self) -> None:
        self.kafka.wait()
        self.users.make()

    def _make_topics(self) -> None:
        self.ph("topics", "apply", "--replication", "1", *(["--acls"] if self.kafka.login == "scram" else []))

    def _launch_services(self) -> None:
        for service in SERVICES:
            self.start_service(service)

    def _wait_for_services(self) -> None:
        for number, service in enumerate(SERVICES):
            self._say(f"services: {number} of {len(SERVICES)} ready, waiting for {service}")
            self.wait_ready(service)

    def start_service(self, service: str, *, name: str = "", **overrides: str) -> Program:
        """One process of a service; `overrides` are settings, `name` tells several processes of a service apart."""
        name = name or service
        port = overrides.get("PORT", str(self.ports.of(service)))
        settings = {"PORT": port, "INSTANCE": f"{name}-0", **self.users.settings(service), **overrides}
        program = processes.start(
            name,
            [sys.executable, "-m", f"{service}.app"],
            log=self.logs / f"{name}.log",
            environment={**_inherited(), **self.environment(), **settings},
            directory=ROOT,
        )
        self.services[name] = program
        self._note(program)
        return program

    def start_provider(self) -> None:
        """Where people sign in to the pages; nobody waits for it, since it is asked by people only."""
        options = ["--port", str(self.ports.provider), "--secrets", str(self.secrets), "--redirect", self._callback]
        self.provider = processes.start(
            "provider",
            [sys.executable, "-m", "deploy.local.provider", *options],
            log=self.logs / "provider.log",
            environment={**_inherited(), "PYTHONPATH": str(ROOT / "services")},
            directory=ROOT,
        )
        self._note(self.provider)

    @property
    def _callback(self) -> str:
        return f"http://127.0.0.1:{self.ports.of('journey')}{CALLBACK}"

    def wait_ready(
        self, service: str, *, name: str = "", port: int | None = None, seconds: float = READY_SECONDS
    ) -> None:
        """Waits for /health/ready. Raises `StackError`, with the checks that fail and the end of the log, if the
        process ends or time is up."""
        program = self.services[name or service]
        url = f"http://127.0.0.1:{port or self.ports.of(service)}/health/ready"
        until = time.monotonic() + seconds
        why = "nobody answers"
        while time.monotonic() < until:
            program.require_alive()
            try:
                with urllib.request.urlopen(url, timeout=2):
                    return
            except urllib.error.HTTPError as refused:
                why = refused.read().decode(errors="replace")
            except OSError as error:
                why = str(error)
            time.sleep(0.05)
        raise StackError(f"{program.name} is not ready after {seconds:.0f} s: {why}. {program.last_words()}")

    # --- use ---------------------------------------------------------------------------------------------------------

    def environment(self) -> dict[str, str]:
        """The settings of every service: addresses, and secrets by file. For Kafka, those of an operator."""
        settings = {
            **self.users.settings(OPERATORS),
            "AUTH_ISSUER": ISSUER,
            "AUTH_JWKS": str(self.issuer.jwks_file),
            "ENVIRONMENT": "local",
            "CLOCK_CONTROL": "true",
            "SUBJECT_REQUESTS_PER_SECOND": "1000000",  # story, tests and benchmarks ask as fast as they can
            "ORGANISATION_REQUESTS_PER_SECOND": "1000000",
            "HOST": "127.0.0.1",
            "ROLE": "all",
            "PYTHONPATH": str(ROOT / "services"),
            **self.organisations.settings,
            "JOURNEY_OIDC_ISSUER": f"http://127.0.0.1:{self.ports.provider}",
            "JOURNEY_OIDC_CLIENT_ID": CLIENT,
            "JOURNEY_OIDC_CLIENT_SECRET_FILE": str(self.issuer.client_secret_file),
            "JOURNEY_OIDC_REDIRECT_URL": self._callback,
            "JOURNEY_OIDC_RESOURCES": " ".join(AUDIENCES.values()),
            **{f"JOURNEY_PARKED_{service.upper()}_URL": url for service, url in self.urls().items()},
        }
        settings |= {f"{service.upper()}_VAULT_KEYS_FILE": str(self._keys_of(service)) for service in SEALING}
        for service in SERVICES:
            prefix = service.upper()
            settings |= {
                f"{prefix}_AUTH_AUDIENCE": AUDIENCES[service],
                f"{prefix}_DATABASE_URL": self.postgres.url(service, "app"),
                f"{prefix}_DATABASE_PASSWORD_FILE": str(self.postgres.password_file(f"{service}_app")),
                f"{prefix}_OPERATOR_DATABASE_URL": self.postgres.url(service, "operator"),
                f"{prefix}_OPERATOR_DATABASE_PASSWORD_FILE": str(self.postgres.password_file(f"{service}_operator")),
                f"{prefix}_MIGRATOR_DATABASE_URL": self.postgres.url(service, "migrator"),
                f"{prefix}_MIGRATOR_DATABASE_PASSWORD_FILE": str(self.postgres.password_file(f"{service}_migrator")),
            }
        return settings

    def urls(self) -> dict[str, str]:
        """Each service's address."""
        return {service: f"http://127.0.0.1:{self.ports.of(service)}" for service in SERVICES}

    def clocks(self) -> dict[str, list[str]]:
        """Where each service's clocks are moved: the address of every process that has one."""
        return {service: [url] for service, url in self.urls().items()}

    def ph(self, *arguments: str, user: str = OPERATORS) -> str:
        """Runs the operators' command against this stack; its output. Raises `StackError` if it fails.

        `user` is who logs in to Kafka.
        """
        done = subprocess.run(
            [sys.executable, "-m", "chassis.operators.cli", *arguments],
            env={**_inherited(), **self.environment(), **self.users.settings(user), "PH_OPERATOR": "local-stack"},
            cwd=ROOT,
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode:
            raise StackError(
                f"ph {' '.join(arguments)} failed:\n{(done.stdout + done.stderr).decode(errors='replace')}"
            )
        return done.stdout.decode()

    # --- stop --------------------------------------------------------------------------------------------------------

    def stop_services(self) -> None:
        """Asks all at once, then waits for each."""
        for program in self.services.values():
            program.ask_to_stop()
        until = time.monotonic() + STOP_SECONDS
        for name, program in self.services.items():
            program.stop(until - time.monotonic())
            processes.forget(self._notes, name)
        self.services.clear()

    def stop(self) -> None:
        """Stops everything that was started, services first; a part that will not end does not keep the others."""
        with ExitStack() as last_first:
            last_first.callback(processes.forget, self._notes)
            last_first.callback(self.postgres.stop)
            last_first.callback(self.kafka.stop)
            last_first.callback(self.stop_services)
            if self.provider is not None:
                last_first.callback(self.provider.stop, 5)

    @property
    def _notes(self) -> Path:
        return self.directory / "run"

    def _note(self, program: Program) -> None:
        processes.note(self._notes, program.name, program.pid, program.stop_signal)


def _inherited() -> Mapping[str, str]:
    """What a program needs of the caller's environment; settings of other deployments must not leak in."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ", "TMPDIR") if name in os.environ}
