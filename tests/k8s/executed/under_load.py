"""What happens to pods and servers while people work, and what people feel of it."""

from __future__ import annotations

import asyncio
import secrets
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from deploy.local.authority import Authority
from deploy.local.postgres import write_secret
from tests.k8s.executed.conftest import NEXT_RELEASE, Overlay
from tests.k8s.executed.releases import released
from tests.k8s.executed.rendered import NAME
from tests.k8s.executed.stand import KAFKA_NAME
from tests.k8s.runner.objects import name_of
from tests.support.brokers import Broker
from tests.support.chain import Caller, Chain, until
from tests.support.ledger import Ledger
from tests.support.people import Person


class Executed(Chain):
    """The four services as they run in the cluster, seen from outside."""

    def __init__(self, overlay: Overlay) -> None:
        self.stack = overlay.stand
        self.overlay = overlay
        self.broker = Broker(overlay.stand.kafka.bootstrap)
        self._callers: dict[tuple[str, str, str, str], Caller] = {}

    @asynccontextmanager
    async def database(self, service: str) -> AsyncIterator[asyncpg.Connection]:
        """A superuser's connection to a service's database."""
        connection = await self.overlay.stand.databases[service].connect(service)
        try:
            yield connection
        finally:
            await connection.close()


class Counting:
    """A caller who writes down what answers he gets."""

    def __init__(self, caller: Caller, answers: Counter[int]) -> None:
        self._caller = caller
        self._answers = answers

    async def send(self, path: str, body: Any = None, *, key: str = "", method: str = "POST") -> httpx.Response:
        """One command over a connection of its own, as a gateway makes it: the next pod that is ready gets it."""
        headers = {"Idempotency-Key": key or str(uuid4()), "Connection": "close"}
        answer = await self._caller.http.request(method, path, json=body, headers=headers)
        self._answers[answer.status_code] += 1
        return answer


@dataclass(frozen=True)
class Felt:
    """What people had to bear until some moment: errors by status, requests without an answer, or with nobody there."""

    errors: dict[int, int]
    silent: Counter[str]
    nobody: Counter[str]
    turned_away: tuple[str, ...]

    @classmethod
    def until_now(cls, overlay: Overlay, ledger: Ledger, answers: Counter[int]) -> Felt:
        """At this moment."""
        return cls(
            {status: count for status, count in answers.items() if status >= 500},
            Counter(ledger.silent),
            Counter(ledger.nobody),
            tuple(line for line in overlay.cluster.node.said if "a caller was refused" in line),
        )


NOTHING = Felt({}, Counter(), Counter(), ())


# --- what happens ----------------------------------------------------------------------------------------------------


def roll(overlay: Overlay) -> None:
    """A new release of everything with a migration, as `kubectl apply -k` brings it."""
    overlay.cluster.apply(released(overlay.documents, NEXT_RELEASE))
    overlay.cluster.wait_done(seconds=300)
    overlay.cluster.wait_complete(seconds=500)


def go_back(overlay: Overlay) -> None:
    """The release before, on the database of the one after it. Secrets are no part of a release.

    The week is over for which its Jobs are kept: they are made again, and find a schema that is newer than they are.
    """
    jobs = [name_of(document) for document in overlay.documents if document["kind"] == "Job"]
    for job in jobs:
        overlay.cluster.expire(job)
    overlay.cluster.apply(document for document in overlay.documents if document["kind"] != "Secret")
    overlay.cluster.wait_done(*jobs, seconds=300)
    overlay.cluster.wait_complete(seconds=500)


def rotate(overlay: Overlay, service: str) -> None:
    """New passwords, another authority of the database, another certificate of Kafka: at the servers first, then in the
    Secrets. All connections of the service break then, so that none is left that was made with the old ones.
    """
    stand = overlay.stand
    database = stand.databases[service]
    password, former = secrets.token_urlsafe(24), database.authority.file.read_text()
    later = Authority(stand.secrets / "later")
    overlay.cluster.apply([overlay.secret(f"{service}-db-ca", "ca.crt", former + later.file.read_text())])
    database.renew_certificate(later)
    stand.renew_kafka_certificate()
    database.execute(f"alter role {service}_app password '{password}'")
    stand.users.set_passwords({service: password})
    overlay.cluster.apply(
        [
            overlay.secret(f"{service}-app", "password", password),
            overlay.secret(service, "password", password),
            overlay.secret(f"{service}-db-ca", "ca.crt", later.file.read_text()),
        ]
    )
    write_secret(database.password_file("app"), password)
    pods = overlay.cluster.pods(**{NAME: service})
    for server in (f"{service}-db-rw", KAFKA_NAME, "chain-kafka-brokers"):
        overlay.cluster.cut(server, pods)


async def answered(ledger: Ledger, service: str, times: int) -> None:
    """Waits until the service has answered so many commands more."""
    before = len(ledger.promised(service))

    async def done() -> bool:
        return len(ledger.promised(service)) >= before + times

    await until(done, f"{times} more answers of {service}")


# --- what is true of a rotation --------------------------------------------------------------------------------------


async def the_former_secrets_open_nothing(overlay: Overlay, service: str) -> None:
    """The database refuses the password of before, and shows a certificate that the authority of before has not signed;
    Kafka shows another certificate than before."""
    database = overlay.stand.databases[service]
    former = overlay.first_secret(f"{service}-app", "password")
    for url, password, error in (
        (database.url("app", host=database.address), former, asyncpg.InvalidPasswordError),
        (
            database.url("app", host=database.address, authority=str(overlay.stand.first_authority(service))),
            database.password("app"),
            ssl.SSLCertVerificationError,
        ),
    ):
        with pytest.raises(error):
            await asyncpg.connect(url, password=password)
    host, port = overlay.stand.kafka_place
    shown = await asyncio.to_thread(ssl.get_server_certificate, (host, port))
    assert shown.strip() not in overlay.first_secret("chain-kafka-server", "keystore.pem")
    assert shown.strip() in overlay.stand.kafka_store.read_text()


# --- what the tests of rollouts share ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def chain(overlay: Overlay, chosen: tuple[str, ...]) -> AsyncIterator[Chain]:
    overlay.open_doors(chosen)
    chain = Executed(overlay)
    yield chain
    await chain.close()


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture(scope="module")
def answers() -> Counter[int]:
    return Counter()


@pytest.fixture(scope="module")
def felt() -> list[Felt]:
    """What people had felt when all pods had been changed, before anything was rotated."""
    return []


def test_nobody_felt_that_pods_were_changed(people: list[Person], felt: list[Felt]) -> None:
    assert people
    assert felt == [NOTHING]


def test_a_rotation_gave_no_other_error_than_come_again(people: list[Person], answers: Counter[int]) -> None:
    assert {status for status in answers if status >= 500} <= {503}


def test_nobody_was_cut_short_at_his_end(overlay: Overlay, people: list[Person]) -> None:
    assert [line for line in overlay.cluster.node.said if "grace" in line] == []
