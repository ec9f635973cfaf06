"""What happens to pods and servers while people work, and what people feel of it."""

from __future__ import annotations

import secrets
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from deploy.local.authority import Authority
from deploy.local.kafka import MECHANISM, OPERATORS
from deploy.local.postgres import write_secret
from tests.k8s.executed.conftest import NEXT_RELEASE, Overlay
from tests.k8s.executed.on_call import TOPICS, on_call, ph
from tests.k8s.executed.releases import released
from tests.k8s.executed.rendered import NAME
from tests.k8s.executed.stand import KAFKA_NAME, Stand
from tests.k8s.runner.objects import Document, name_of
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
    overlay.cluster.apply(_but_secrets(released(overlay.documents, NEXT_RELEASE)))
    overlay.cluster.wait_done(seconds=300)
    overlay.cluster.wait_complete(seconds=500)


def go_back(overlay: Overlay) -> None:
    """The release before, on the database of the one after it.

    The week is over for which its Jobs are kept: they are made again, and find a schema that is newer than they are.
    """
    jobs = [name_of(document) for document in overlay.documents if document["kind"] == "Job"]
    for job in jobs:
        overlay.cluster.expire(job)
    overlay.cluster.apply(_but_secrets(overlay.documents))
    overlay.cluster.wait_done(*jobs, seconds=300)
    overlay.cluster.wait_complete(seconds=500)


def scale(overlay: Overlay, deployment: str, *replicas: int) -> None:
    """To each of these numbers, one after another."""
    for number in replicas:
        overlay.cluster.scale(deployment, number)
        overlay.cluster.wait_complete(deployment, seconds=200)


def lose(overlay: Overlay, first: str, other: str) -> None:
    """A pod of the first is killed and started anew, one of the other (or another one) is gone for good."""
    killed, lost = overlay.cluster.deployments[first].current[0], overlay.cluster.deployments[other].current[-1]
    overlay.cluster.call(killed.kill)
    overlay.cluster.call(lambda: lost.destroy() and None)
    overlay.cluster.wait_complete(first, other, seconds=200)
    assert [each.restarts for each in killed.containers] == [1]
    assert lost not in overlay.cluster.deployments[other].pods


def _but_secrets(documents: Iterable[Document]) -> Iterator[Document]:
    """Secrets are no part of a release."""
    return (document for document in documents if document["kind"] != "Secret")


def rotate_migrator(overlay: Overlay, service: str) -> None:
    """A new password of the role that owns the schema. The next release's Job is the first that logs in with it."""
    _rotate_role(overlay, service, "migrator")


def rotate(overlay: Overlay, service: str) -> None:
    """New passwords of the service and of operators, other authorities of its database and of Kafka: at the servers
    first, then in the Secrets. All connections of the service break then, so that none is left that was made with the
    old ones. An operator's pod that was there before goes on as well.
    """
    with on_call(overlay, [service]) as pods:
        _rotate_authorities(overlay, service)
        for role in ("app", "operator"):
            _rotate_role(overlay, service, role)
        for user in (service, OPERATORS):
            _rotate_user(overlay, user)
        own = overlay.cluster.pods(**{NAME: service})
        for server in (f"{service}-db-rw", KAFKA_NAME, "chain-kafka-brokers"):
            overlay.cluster.cut(server, own)
        for command in (("parked", "list", "--service", service), TOPICS):
            answer = ph(overlay, pods[service], *command)
            assert answer.code == 0, answer.said
        assert [each.restarts for each in pods[service].containers] == [0]


def _rotate_authorities(overlay: Overlay, service: str) -> None:
    """Whoever asks trusts both of each server, then the server shows what the later one has signed, then whoever asks
    trusts that one alone."""
    stand = overlay.stand
    database, later = stand.databases[service], Authority(stand.secrets / "later")
    former = {f"{service}-db-ca": database.authority, "chain-cluster-ca-cert": stand.kafka_authority}
    after = later.file.read_text()
    overlay.cluster.apply(
        [overlay.secret(name, "ca.crt", each.file.read_text() + after) for name, each in former.items()]
    )
    database.renew_certificate(later)
    stand.renew_kafka_certificate(later)
    overlay.cluster.apply([overlay.secret(name, "ca.crt", after) for name in former])


def _rotate_role(overlay: Overlay, service: str, role: str) -> None:
    """Of its database."""
    database, password = overlay.stand.databases[service], secrets.token_urlsafe(24)
    database.execute(f"alter role {service}_{role} password '{password}'")
    overlay.cluster.apply([overlay.secret(f"{service}-{role}", "password", password)])
    write_secret(database.password_file(role), password)


def _rotate_user(overlay: Overlay, user: str) -> None:
    """Of Kafka."""
    users, password = overlay.stand.users, secrets.token_urlsafe(24)
    users.set_passwords({user: password})
    overlay.cluster.apply([overlay.secret(user, "password", password)])
    write_secret(users.password_file(user), password)


async def answered(ledger: Ledger, service: str, times: int) -> None:
    """Waits until the service has answered so many commands more."""
    before = len(ledger.promised(service))

    async def done() -> bool:
        return len(ledger.promised(service)) >= before + times

    await until(done, f"{times} more answers of {service}")


# --- what is true of a rotation --------------------------------------------------------------------------------------


async def the_former_password_opens_nothing(overlay: Overlay, service: str, role: str) -> None:
    """The database refuses what a role logged in with at first, and takes what it logs in with now."""
    database = overlay.stand.databases[service]
    url = database.url(role, host=database.address)
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(url, password=overlay.first_secret(f"{service}-{role}", "password"))
    await (await asyncpg.connect(url, password=database.password(role))).close()


async def the_former_secrets_open_nothing(overlay: Overlay, service: str) -> None:
    """The database refuses the passwords of before, Kafka those of the service and of operators; both servers show
    certificates that the authorities of before have not signed."""
    stand = overlay.stand
    database = stand.databases[service]
    for role in ("app", "operator"):
        await the_former_password_opens_nothing(overlay, service, role)
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncpg.connect(
            database.url("app", host=database.address, authority=str(stand.first_authority(service))),
            password=database.password("app"),
        )
    for user in (service, OPERATORS):
        password, authority = stand.users.password(user), stand.kafka_authority
        await _come_into_kafka(stand, user, password, authority)
        for former in ((overlay.first_secret(user, "password"), authority), (password, stand.first_kafka_authority)):
            with pytest.raises(KafkaError):
                await _come_into_kafka(stand, user, *former)


async def _come_into_kafka(stand: Stand, user: str, password: str, authority: Authority) -> None:
    """Logs in, and trusts this authority alone. Raises `KafkaError`."""
    host, port = stand.kafka_place
    context = ssl.create_default_context(cafile=authority.file)
    context.check_hostname = False  # by an address of this machine: the name leads there in the cluster only
    client = AIOKafkaClient(
        bootstrap_servers=f"{host}:{port}",
        security_protocol="SASL_SSL",
        ssl_context=context,
        sasl_mechanism=MECHANISM,
        sasl_plain_username=user,
        sasl_plain_password=password,
    )
    try:
        await client.bootstrap()
    finally:
        await client.close()


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
