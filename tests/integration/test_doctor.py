"""`ph doctor` on a real Kafka with login and a real PostgreSQL: in health it says so, and each check can fail."""

from __future__ import annotations

import json
import time
import zoneinfo
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg
import pytest
import tzdata
from typer.testing import CliRunner

from chassis.consumer import leases as consumer_leases
from chassis.consumer.leases import Leases
from chassis.kafka import cluster_facts
from chassis.operators.cli import app
from chassis.operators.doctor import Line, State, checks, survey
from chassis.operators.doctor.checks import BATCH_BYTES
from chassis.outbox import limits
from chassis.pure import zones
from deploy.local.kafka import OPERATORS
from tests.support import curses, restores
from tests.support.patient import DAY_MS, Patient, healthy, without
from tests.support.secured import Secured


@pytest.fixture
async def patient(secured: Secured, dsn: str) -> AsyncIterator[Patient]:
    patient = await healthy(secured, dsn)
    async with Leases.opened(dsn, "till", 120_000) as leases:
        await leases.take([await restores.value(dsn, "select lease from progress")])
        yield patient


async def test_in_health_every_line_says_so(patient: Patient) -> None:
    assert await patient.wrong() == {}
    lines = {line.check: (line.state, line.says) for line in await patient.examined()}
    assert lines["Kafka login"] == lines["database login"] == (State.RIGHT, "answers")
    assert lines[f"rights on topic {patient.own}"] == (State.RIGHT, "DescribeConfigs, Read, Write")
    assert lines[f"rights on topic {patient.read}"] == (State.RIGHT, "DescribeConfigs, Read")
    assert lines["rights on group till"] == (State.RIGHT, "Read")
    assert lines["rights on cluster kafka-cluster"] == (State.RIGHT, "Describe")
    assert lines[f"subscription to {patient.read}"] == (State.RIGHT, "1 partitions")
    assert lines[f"max.message.bytes of {patient.own}"][0] is State.RIGHT
    assert lines[f"retention of {patient.read}"] == (State.RIGHT, "kept 1096 days; 0 records are not read yet")
    assert lines["quotas"] == (State.UNKNOWN, "this user may not see them (DescribeConfigs on the cluster)")
    assert lines["clock of Kafka"][0] is lines["clock of the database"][0] is State.RIGHT
    assert lines["schema"] == (State.RIGHT, "is what this code needs")
    assert lines[f"assignment of {patient.read}"] == (State.RIGHT, "1 of 1 partitions are read")
    assert lines["missed records"] == (State.RIGHT, "none")
    assert lines["lineage"] == (State.RIGHT, "nothing that was told is forgotten")


async def test_a_partition_that_nobody_reads_is_wrong(patient: Patient) -> None:
    other = await asyncpg.connect(patient.dsn)
    await other.execute("insert into progress (topic, partition) values ('ph.other.v1', 0)")
    await other.execute("delete from progress where topic = $1", patient.read)
    line = await patient.says(f"assignment of {patient.read}")
    assert (line.state, line.says) == (State.WRONG, "nobody reads partition 0")
    await other.execute("insert into progress (topic, partition) values ($1, 0)", patient.read)
    assert (await patient.says(f"assignment of {patient.read}")).state is State.WRONG, "it has a row, and no reader"
    await other.execute("drop table progress")
    assert (await patient.says(f"assignment of {patient.read}")).state is State.UNKNOWN
    await other.close()


def test_a_reader_is_seen_by_the_lock_that_it_holds() -> None:
    assert survey.LEASES == consumer_leases.PARTITIONS


async def test_records_that_nobody_will_read_are_listed_until_somebody_has_seen_to_them(patient: Patient) -> None:
    connection = await asyncpg.connect(patient.dsn)
    await connection.execute("insert into missed values ('ph.shop.v1', 2, 5, 9)")
    assert await patient.wrong() == {"missed records": "ph.shop.v1, partition 2: records 5 to 8"}
    await connection.execute("drop table missed")
    await connection.close()
    assert (await patient.says("missed records")).state is State.UNKNOWN


async def test_a_database_that_no_relay_has_compared_yet_is_not_called_right(patient: Patient) -> None:
    connection = await asyncpg.connect(patient.dsn)
    await connection.execute("delete from lineage")
    await connection.close()
    line = await patient.says("lineage")
    assert (line.state, line.says) == (
        State.UNKNOWN,
        f"no relay has compared this database with {patient.own} yet",
    )


async def test_a_refused_login_is_said_with_its_reason_and_the_database_is_looked_at_all_the_same(
    patient: Patient, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong")
    kafka = patient.secured.settings(patient.user).model_copy(update={"password_file": wrong})
    line = await patient.says("Kafka login", kafka=kafka)
    assert (line.state, "invalid credentials" in line.says) == (State.WRONG, True)
    assert "KAFKA_PASSWORD_FILE" in line.remedy
    assert (await patient.says("schema", kafka=kafka)).state is State.RIGHT


@pytest.mark.parametrize(
    ("right", "check"),
    [
        ("Write on topic {own}", "rights on topic {own}"),
        ("DescribeConfigs on topic {own}", "rights on topic {own}"),
        ("Read on topic {read}", "rights on topic {read}"),
        ("DescribeConfigs on topic {read}", "rights on topic {read}"),
        ("Read on group till", "rights on group till"),
        ("Describe on cluster kafka-cluster", "rights on cluster kafka-cluster"),
    ],
)
async def test_a_right_that_lacks_is_named(patient: Patient, right: str, check: str) -> None:
    names = {"own": patient.own, "read": patient.read}
    words, check = right.format(**names), check.format(**names)
    await patient.grant(without(patient.needs, words))
    line = await patient.says(check)
    assert line.state is State.WRONG
    operation, hidden = words.partition(" ")[0], ", and sees nothing of it: it is forbidden, or not there"
    # Who may not read or write a topic is not told that it is there, whatever else he may do with it.
    alone = f"this user lacks {operation}"
    assert line.says in {alone, f"{alone}{hidden}", f"this user lacks DescribeConfigs, {operation}{hidden}"}
    assert "--acls" in line.remedy


async def test_a_topic_that_is_not_there_or_has_other_partitions_is_not_what_was_subscribed(patient: Patient) -> None:
    more = replace(patient.needs, partitions={patient.own: 1, patient.read: 6})
    line = await patient.says(f"subscription to {patient.read}", needs=more)
    assert (line.state, line.says) == (State.WRONG, "it has 1 partitions, and 6 are declared")
    absent = replace(patient.needs, reads=["ph.absent.v1"], listed=["ph.absent.v1"])
    line = await patient.says("subscription to ph.absent.v1", needs=absent)
    assert (line.state, line.says) == (State.WRONG, "there is no such topic for this user")


async def test_code_and_declaration_that_disagree_on_what_is_read_are_told_apart(patient: Patient) -> None:
    check = f"subscription to {patient.read}"
    line = await patient.says(check, needs=replace(patient.needs, listed=[]))
    assert (line.state, "does not list this service" in line.says) == (State.WRONG, True)
    line = await patient.says(check, needs=replace(patient.needs, reads=[]))
    assert (line.state, "the code does not read it" in line.says) == (State.WRONG, True)


async def test_a_limit_below_the_relays_batch_is_wrong(patient: Patient) -> None:
    await patient.set(patient.own, max_message_bytes="20000")
    assert await patient.wrong() == {
        f"max.message.bytes of {patient.own}": "20000, and the relay sends batches of up to 900000 bytes"
    }


def test_the_batch_that_limits_are_held_against_is_the_relays() -> None:
    assert BATCH_BYTES == limits.MAX_BATCH_BYTES


async def test_a_codec_that_readers_may_lack_is_wrong(patient: Patient) -> None:
    await patient.set(patient.read, compression_type="zstd")
    found = await patient.wrong()
    assert list(found) == [f"compression.type of {patient.read}"]
    assert "zstd" in found[f"compression.type of {patient.read}"]


async def test_records_that_were_forgotten_before_they_were_read_are_counted(patient: Patient) -> None:
    await patient.send(patient.read, 5)
    await patient.commit(patient.read, 1)
    await patient.delete_up_to(patient.read, 4)
    assert await patient.wrong() == {
        f"retention of {patient.read}": "partition 0: records 1 to 3 were forgotten before they were read"
    }


async def test_what_will_soon_be_forgotten_unread_is_wrong(patient: Patient) -> None:
    await patient.set(patient.read, retention_ms=str(30 * DAY_MS))
    await patient.send(patient.read, 1, timestamp_ms=int(time.time() * 1000) - 25 * DAY_MS)
    await patient.commit(patient.read, 0)
    assert await patient.wrong() == {
        f"retention of {patient.read}": "partition 0: what is read next will be forgotten in 5.0 days"
    }


async def test_a_record_that_cannot_be_unpacked_is_as_old_as_its_batch(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    curses.lay(monkeypatch, ValueError("buffer underrun"))
    await patient.set(patient.read, retention_ms=str(30 * DAY_MS))
    await patient.send(patient.read, 1, value=curses.CURSED, timestamp_ms=int(time.time() * 1000) - 25 * DAY_MS)
    await patient.commit(patient.read, 0)
    assert await patient.wrong() == {
        f"retention of {patient.read}": "partition 0: what is read next will be forgotten in 5.0 days"
    }


async def test_where_a_reader_is_stands_in_its_database(patient: Patient) -> None:
    await patient.send(patient.read, 5)
    await patient.commit(patient.read, 1)
    line = await patient.says(f"retention of {patient.read}")
    assert line.says == "kept 1096 days; 4 records are not read yet"


async def test_a_quota_below_the_declared_one_is_wrong_where_it_may_be_seen(patient: Patient) -> None:
    operators = patient.secured.settings(OPERATORS)
    needs = replace(patient.needs, quotas={"producer_byte_rate": 5e6})
    assert await patient.says("quotas", kafka=operators, needs=needs) == Line("quotas", State.RIGHT, "none")
    observer = replace(patient, user=OPERATORS)
    await observer.grant(replace(needs, rights=frozenset()), quotas={"producer_byte_rate": 1e6})
    line = await patient.says("quotas", kafka=operators, needs=needs)
    assert (line.state, line.says) == (State.WRONG, "producer_byte_rate is 1000000, and 5000000 is declared")


async def test_clocks_that_differ_are_told_with_the_direction(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Behind:
        @staticmethod
        def time() -> float:
            return time.time() - 100

    monkeypatch.setattr(cluster_facts, "time", Behind)
    monkeypatch.setattr(survey, "time", Behind)
    for check in ("clock of Kafka", "clock of the database"):
        line = await patient.says(check)
        assert (line.state, line.says) == (State.WRONG, "100.0 s ahead of this machine's")


async def test_without_describe_on_the_cluster_kafkas_clock_is_not_checked(patient: Patient) -> None:
    await patient.grant(without(patient.needs, "Describe on cluster kafka-cluster"))
    assert (await patient.says("clock of Kafka")).state is State.UNKNOWN


async def test_a_database_that_refuses_is_said_with_its_reason(patient: Patient) -> None:
    line = await patient.says("database login", dsn=patient.dsn.rpartition("/")[0] + "/absent")
    assert (line.state, "there is no such database" in line.says) == (State.WRONG, True)


async def test_a_schema_that_lacks_a_migration_is_wrong(patient: Patient) -> None:
    connection = await asyncpg.connect(patient.dsn)
    await connection.execute("delete from schema_migration where component = 'till'")
    await connection.close()
    line = await patient.says("schema")
    assert (line.state, line.says) == (State.WRONG, "lacks till/0001_till")
    assert line.remedy == "Run `ph migrate --service till`."


async def test_a_service_that_publishes_nothing_because_something_was_forgotten_is_wrong(patient: Patient) -> None:
    connection = await asyncpg.connect(patient.dsn)
    await connection.execute("drop table if exists halt")
    assert (await patient.says("lineage")).state is State.UNKNOWN
    await connection.execute("create table halt (kind text primary key, detail text not null)")
    assert (await patient.says("lineage")).state is State.RIGHT
    await connection.execute("insert into repeat (type, occurred_at, body, asked_by) values ('x', now(), '{}', 'y')")
    line = await patient.says("lineage")
    says = "nobody is answered: 1 events that were forgotten are still to be repeated"
    assert (line.state, line.says) == (State.WRONG, says)
    await connection.execute("insert into halt values ('database', '3 events of 2 keys are forgotten')")
    await connection.close()
    line = await patient.says("lineage")
    assert (line.state, line.says) == (State.WRONG, "nothing is published: 3 events of 2 keys are forgotten")
    assert line.remedy == "See `ph restore plan`."


def test_the_release_of_the_time_zones_is_named_and_files_of_the_system_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "Etc").mkdir()
    (tmp_path / "Etc" / "UTC").write_bytes(b"")
    (tmp_path / "tzdata.zi").write_text("# version 2019c\n# This zic input file is in the public domain.\n")
    zoneinfo.reset_tzpath((str(tmp_path),))
    try:
        line = checks.time_zones(survey.survey_zones())
    finally:
        zoneinfo.reset_tzpath()
    assert (line.state, line.says) == (State.RIGHT, f"release {tzdata.IANA_VERSION} of the package `tzdata`")


def test_a_zone_that_cannot_be_read_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_utc(name: str, read: Callable[[str], ZoneInfo] = zones.zone) -> ZoneInfo:
        if name == "Etc/UTC":
            raise zones.UnknownZone(name)
        return read(name)

    monkeypatch.setattr(zones, "zone", without_utc)
    assert list(survey.survey_zones().missing) == ["Etc/UTC"]
    assert checks.time_zones(survey.survey_zones()).state is State.WRONG


def test_the_command_shows_a_line_per_check_and_ends_with_1_if_something_is_wrong(
    secured: Secured, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in secured.environment("training").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TRAINING_DATABASE_URL", dsn)
    monkeypatch.delenv("AUTH_JWKS", raising=False)
    result = CliRunner().invoke(app, ["doctor", "training", "--json"])
    assert result.exit_code == 1, result.output
    lines = {line["check"]: line for line in json.loads(result.stdout)}
    assert lines["Kafka login"]["state"] == "right"
    assert lines["rights on topic ph.referral.v1"]["state"] == "wrong"
    assert lines["subscription to ph.referral.v1"]["remedy"] == "Run `ph topics apply --acls`."
    assert lines["schema"]["state"] == "wrong"

    assert (lines["encryption to database"]["state"], lines["encryption to Kafka"]["state"]) == ("right", "right")
    assert lines["encryption to key set"]["state"] == "not checked"
    assert lines["vault keys"]["state"] == "wrong", "no file is named"

    plain = CliRunner().invoke(app, ["doctor", "training"])
    assert plain.exit_code == 1
    assert "schema\twrong\tlacks training/" in plain.stdout
    assert "schema: Run `ph migrate --service training`." in plain.stderr
    assert CliRunner().invoke(app, ["doctor", "nobody"]).exit_code == 2
