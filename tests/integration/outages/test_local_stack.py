"""The stack on one machine: rights of its roles, its broker, its tokens, and that it leaves nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from joserfc import jwt
from joserfc.jwk import KeySet

from deploy.local import processes, run
from deploy.local.issuer import AUDIENCES, ISSUER, Issuer
from deploy.local.places import DEFAULTS, LOCAL, ROOT, SERVICES, StackError, configured_ports, free_ports, require_free
from deploy.local.postgres import Postgres
from deploy.local.processes import Note
from deploy.local.stack import LocalStack

EPHEMERAL_BEGINS = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "program.log"


def shell(script: str, log: Path) -> processes.Program:
    program = processes.start("sample", ["sh", "-c", script], log=log)
    until = time.monotonic() + 10
    while "ready" not in log.read_text() and program.alive() and time.monotonic() < until:
        time.sleep(0.02)
    return program


async def connect(stack: LocalStack, service: str, role: str, **changed: str) -> asyncpg.Connection:
    options = {
        "user": f"{service}_{role}",
        "password": stack.postgres.password(f"{service}_{role}"),
        "database": f"ph_{service}",
    }
    return await asyncpg.connect(host="127.0.0.1", port=stack.postgres.port, **{**options, **changed})


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_reads_and_writes_its_migrators_tables_but_changes_no_schema(
    stack: LocalStack, service: str
) -> None:
    migrator, app = await connect(stack, service, "migrator"), await connect(stack, service, "app")
    try:
        await migrator.execute("create table probe (id bigint generated always as identity primary key, word text)")
        await app.execute("insert into probe (word) values ('one')")
        await app.execute("update probe set word = 'two'")
        assert await app.fetchval("select word from probe") == "two"
        assert await app.fetchval("select last_value from probe_id_seq") == 1
        for forbidden in (
            "create table other (id int)",
            "drop table probe",
            "truncate probe",
            "alter table probe add x int",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute(forbidden)
    finally:
        await migrator.execute("drop table if exists probe")
        await migrator.close()
        await app.close()


async def test_a_service_cannot_enter_anothers_database(stack: LocalStack) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connect(stack, "referral", "app", database="ph_training")


async def test_a_wrong_password_is_refused(stack: LocalStack) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await connect(stack, "referral", "app", password="guess")


async def test_making_the_databases_again_changes_nothing(stack: LocalStack) -> None:
    stack.postgres.create_databases()
    await (await connect(stack, "placement", "app")).close()


def test_secrets_can_be_read_by_their_owner_only(stack: LocalStack) -> None:
    files = [path for path in stack.secrets.iterdir() if path.suffix != ".jwks"]
    assert len(files) >= 2 * len(SERVICES) + 3  # roles, the superuser, the signing key, the profile key
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


async def test_data_survives_a_stop(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "data", tmp_path / "secrets", tmp_path / "log", free_ports().postgres)
    try:
        server.start()
        server.create_databases()
        connection = await asyncpg.connect(server.admin_dsn)
        await connection.execute("create table kept as select 1")
        server.stop()  # with a client connected: a fast shutdown does not wait for it
        assert not server.program.alive()
        server.start()
        connection = await asyncpg.connect(server.admin_dsn)
        assert await connection.fetchval("select count(*) from kept") == 1
        assert await connection.fetchval("show fsync") == "on"
        await connection.close()
    finally:
        server.stop()


# --- Kafka -----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def admin(kafka_bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await client.start()
    yield client
    await client.close()


async def test_a_topic_that_nobody_declared_does_not_appear(kafka_bootstrap: str, admin: AIOKafkaAdminClient) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, request_timeout_ms=1000)
    await producer.start()
    with pytest.raises(KafkaError):
        await producer.send_and_wait("nobody.declared.this", b"x")
    await producer.stop()
    assert "nobody.declared.this" not in await admin.list_topics()


async def test_a_topic_may_allow_records_of_ten_megabytes(kafka_bootstrap: str, admin: AIOKafkaAdminClient) -> None:
    await admin.create_topics([NewTopic("stack.large", 1, 1, topic_configs={"max.message.bytes": "12000000"})])
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, max_request_size=12_000_000)
    await producer.start()
    sent = await producer.send_and_wait("stack.large", b"x" * 10_000_000)
    await producer.stop()
    assert sent.offset == 0


async def test_a_broker_keeps_its_records_over_a_stop_and_the_first_group_finds_them() -> None:
    directory = LOCAL / "test" / f"{os.getpid()}-kafka"
    stack = LocalStack(directory, free_ports(), durable=False)
    try:
        stack.kafka.start()
        admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka.bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic("kept", 1, 1)])
        await admin.close()
        producer = AIOKafkaProducer(bootstrap_servers=stack.kafka.bootstrap)
        await producer.start()
        await producer.send_and_wait("kept", b"still here")
        await producer.stop()
        stack.kafka.stop()
        stack.kafka.start()
        consumer = AIOKafkaConsumer(
            "kept", bootstrap_servers=stack.kafka.bootstrap, group_id="first", auto_offset_reset="earliest"
        )
        await consumer.start()
        assert (await consumer.getone()).value == b"still here"
        await consumer.stop()
    finally:
        stack.stop()
        shutil.rmtree(directory, ignore_errors=True)


# --- ports -----------------------------------------------------------------------------------------------------------


def test_a_taken_port_is_named_with_its_use_and_a_way_out() -> None:
    ports = free_ports()
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", ports.training))
        squatter.listen()
        with pytest.raises(StackError, match=rf"Port {ports.training}, meant for training.*PH_PORT_TRAINING=\d+"):
            require_free(ports)
    require_free(ports)


def test_ports_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PH_PORT_KAFKA", "9092")
    monkeypatch.setenv("PH_PORT_POSTGRES", "")
    assert configured_ports() == replace(DEFAULTS, kafka=9092)


@pytest.mark.parametrize("text", ["abc", "0", "65536", "-1"])
def test_what_is_no_port_is_refused_by_its_variable(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PH_PORT_KAFKA", text)
    with pytest.raises(StackError, match="PH_PORT_KAFKA"):
        configured_ports()


def test_free_ports_differ_and_are_never_given_to_outgoing_connections() -> None:
    ports = list(vars(free_ports()).values())
    assert len(set(ports)) == len(ports)
    assert max(ports) < EPHEMERAL_BEGINS


# --- tokens ----------------------------------------------------------------------------------------------------------


def test_a_token_verifies_with_the_published_key_set(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path)
    issuer.make()
    published = issuer.jwks_file.read_text()
    issuer.make()
    assert issuer.jwks_file.read_text() == published
    assert '"d"' not in published
    key = KeySet.import_key_set(json.loads(published))
    decoded = jwt.decode(issuer.token("scout", "scouts:bavaria", "NG"), key, algorithms=["Ed25519"])
    assert decoded.claims["iss"] == ISSUER
    assert decoded.claims["aud"] == [*AUDIENCES.values()]
    assert (decoded.claims["roles"], decoded.claims["org"], decoded.claims["country"]) == (
        ["scout"],
        "scouts:bavaria",
        "NG",
    )
    assert decoded.claims["exp"] > time.time()


def test_a_token_without_a_stack_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="make run"):
        Issuer(tmp_path).token("scout", "scouts:bavaria")


# --- programs --------------------------------------------------------------------------------------------------------


def test_a_program_is_asked_once_to_end_and_killed_if_it_will_not(log: Path) -> None:
    program = shell("trap 'echo asked' TERM; echo ready; while :; do sleep 0.05; done", log)
    program.ask_to_stop()
    program.stop(0.5)
    assert log.read_text().count("asked") == 1
    assert program.process.returncode == -signal.SIGKILL


def test_a_program_that_ended_shows_the_end_of_its_log(log: Path) -> None:
    program = shell("echo the reason; exit 3", log)
    program.process.wait(10)
    with pytest.raises(StackError, match=r"sample has ended with code 3(.|\n)*the reason"):
        program.require_alive()


def test_a_service_that_does_not_become_ready_shows_which_check_fails_and_the_end_of_its_log(
    tmp_path: Path, log: Path
) -> None:
    script = (
        "import sys; from http.server import *\n"
        "class Never(BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        self.send_response(503); self.end_headers(); self.wfile.write(b'lineage: false')\n"
        "    def log_message(self, *_):\n"
        "        pass\n"
        "print('the reason', flush=True); HTTPServer(('127.0.0.1', int(sys.argv[1])), Never).serve_forever()"
    )
    stack = LocalStack(tmp_path, free_ports())
    port = stack.ports.of("referral")
    program = stack.services["referral"] = processes.start("sample", [sys.executable, "-c", script, str(port)], log=log)
    try:
        with pytest.raises(StackError, match=r"sample is not ready after 2 s: lineage: false(.|\n)*the reason"):
            stack.wait_ready("referral", seconds=2)
    finally:
        program.kill()


def test_a_program_ends_with_whoever_started_it(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from deploy.local import processes\n"
        "print(processes.start('child', ['sleep', '60'], log=Path(sys.argv[1])).pid, flush=True)\n"
        "time.sleep(60)"
    )
    starter = subprocess.Popen([sys.executable, "-c", script, tmp_path / "log"], stdout=subprocess.PIPE, cwd=ROOT)
    assert starter.stdout is not None
    child = int(starter.stdout.readline())
    assert processes.started_at(child) is not None
    starter.kill()
    starter.wait(10)
    until = time.monotonic() + 5
    while processes.started_at(child) is not None and time.monotonic() < until:
        time.sleep(0.02)
    assert processes.started_at(child) is None


def test_an_id_that_was_given_to_another_program_is_left_alone(log: Path) -> None:
    program = shell("echo ready; sleep 60", log)
    try:
        processes.note(log.parent, "sample", program.pid)
        honest = processes.noted(log.parent)["sample"]
        assert honest.running()
        for stale in (replace(honest, started=1), replace(honest, boot="another"), Note(2**22 + 1, 1, honest.boot)):
            assert not stale.running()
            stale.end(0)
        assert program.alive()
    finally:
        program.kill()
    assert processes.noted(log.parent) == {}


# --- make stop, reset ------------------------------------------------------------------------------------------------


def test_stop_ends_what_was_left_and_reset_refuses_until_then(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = shell("echo ready; sleep 60", log)
    processes.note(tmp_path / "run", "sample", program.pid)
    (tmp_path / "kafka").mkdir()
    with pytest.raises(StackError, match="make stop"):
        run.reset(tmp_path)
    with pytest.raises(StackError, match=r"An earlier run left something behind \(sample\)"):
        run.run(lambda _stack: None, stay=False, directory=tmp_path)
    run.stop(tmp_path)
    assert program.process.wait(5) == -signal.SIGTERM
    run.stop(tmp_path)
    assert "Nothing was running." in capsys.readouterr().out
    run.reset(tmp_path)
    assert not (tmp_path / "kafka").exists()


def test_status_without_a_stack_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="make run"):
        run.status(tmp_path)


def test_too_little_space_is_said_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "NEEDED_BYTES", 10**18)
    with pytest.raises(StackError, match="make reset"):
        run.run(lambda _stack: None, stay=False, directory=tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder that belongs to somebody else")
def test_data_of_another_user_is_named_with_its_owner(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)
    with pytest.raises(StackError, match="belongs to nobody"):
        run.require_ours(tmp_path)
