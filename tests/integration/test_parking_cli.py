"""`ph parked` on a real PostgreSQL: what an operator sees and does, and what the worker then finds."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from typer.testing import Result

from chassis.consumer import parking
from chassis.operators import parked
from chassis.operators.parked_display import printable
from chassis.postgres import migrations
from chassis.vault.vault import KeyVault
from referral.app import SERVICE
from tests.integration.ops import Database, command, created
from tests.support.cluster import Cluster

Ph = Callable[..., Result]

TOPIC = "ph.training.v1"
CASE, OTHER = "0190a0a0-0000-7000-8000-000000000001", "0190a0a0-0000-7000-8000-000000000002"
CANARY = "Adaeze Canary"
BY = ("--service", "referral", "--by", "INC-4711")


@pytest.fixture(scope="module")
def migrated(cluster: Cluster) -> Iterator[Database]:
    with created(cluster) as database:
        asyncio.run(migrations.migrate(database.migrator, "referral"))
        yield database


@pytest.fixture
def store(migrated: Database) -> Database:
    """The database of `referral`, migrated and empty."""
    migrated.fetch("truncate parked, position, audit restart identity")
    return migrated


@pytest.fixture
def ph(migrated: Database, monkeypatch: pytest.MonkeyPatch) -> Ph:
    return command(migrated, monkeypatch)


def park(store: Database, key: str | None, *failures: str, topic: str = TOPIC) -> list[int]:
    """Parks one record per failure code, the way a consumer does; the key is blocked."""
    ids = []
    for failure in failures:
        ids += store.fetch(
            """insert into parked
                (topic, partition, record_offset, key, type, sequence, headers, payload, failure, detail, digest,
                 blocks)
            values ($1, 0, (select count(*) from parked), $2, 'ph.training.CourseCompleted.v1', 1, $3, $4, $5, '',
                uuid_send(gen_random_uuid()), $2::text is not null)
            returning id""",
            topic,
            key,
            json.dumps([("ce_type", "ph.training.CourseCompleted.v1"), ("x-note", CANARY)]),
            json.dumps({"case_id": key, "name": CANARY}).encode(),
            failure,
            as_application=True,
        )
    if key is not None:
        store.fetch(
            "insert into position (source, key, sequence, blocked) values ($1, $2, 1, true) on conflict do nothing",
            topic,
            key,
            as_application=True,
        )
    return [id_ for (id_,) in ids]


def state(store: Database, id_: int) -> tuple[Any, ...]:
    return store.fetch("select state, decided_by, reason from parked where id = $1", id_)[0]


def ready(store: Database) -> list[tuple[Any, ...]]:
    """What the worker would take up now."""
    return [tuple(each) for each in store.run(parking.ready, as_application=True)]


def answers(result: Result) -> list[tuple[int, bool]]:
    return [(each["id"], each["changed"]) for each in json.loads(result.stdout)]


def test_the_list_shows_each_stuck_key_once_with_the_number_that_waits_behind(store: Database, ph: Ph) -> None:
    head, *behind = park(store, CASE, "json_invalid", "behind", "behind")
    (loose,) = park(store, None, "key_missing")
    result = ph("parked", "list", "--service", "referral", "--json")
    assert result.exit_code == 0
    assert ph("parked", "list", "--service", "referral", "--check").exit_code == 1
    rows = json.loads(result.stdout)
    assert [(row["id"], row["waiting"], row["head"]) for row in rows] == [(head, 2, True), (loose, 0, True)]
    assert CANARY not in result.output

    everything = json.loads(ph("parked", "list", "--service", "referral", "--behind", "--json").stdout)
    assert [row["id"] for row in everything] == [head, *behind, loose]


def test_an_empty_list_exits_with_0(store: Database, ph: Ph) -> None:
    result = ph("parked", "list", "--service", "referral")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "referral: open 0, blocked keys 0" in result.stderr


@pytest.mark.parametrize(
    ("options", "places"),
    [
        (("--key", CASE), [0]),
        (("--failure", "key_mismatch"), [1]),
        (("--topic", "ph.placement.v1"), [1]),
        (("--type", "ph.training.CourseCompleted.v1"), [0, 1]),
        (("--type", "nothing"), []),
        (("--limit", "1"), [0]),
        (("--discarded",), []),
    ],
)
def test_the_list_can_be_narrowed(store: Database, ph: Ph, options: tuple[str, ...], places: list[int]) -> None:
    ids = park(store, CASE, "json_invalid") + park(store, OTHER, "key_mismatch", topic="ph.placement.v1")
    rows = json.loads(ph("parked", "list", "--service", "referral", "--json", *options).stdout)
    assert [row["id"] for row in rows] == [ids[place] for place in places]


def test_show_explains_the_failure_and_hides_the_content(store: Database, ph: Ph) -> None:
    (id_,) = park(store, CASE, "json_invalid")
    for result in (
        ph("parked", "show", id_, "--service", "referral"),
        ph("parked", "show", id_, "--service", "referral", "--json"),
    ):
        assert result.exit_code == 0, result.output
        assert "Find out who wrote it; then discard it." in result.stdout
        assert "ph.training.CourseCompleted.v1" in result.stdout
        assert CANARY not in result.output


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("ce_type", "ph.training.CourseCompleted.v1", "ph.training.CourseCompleted.v1"),
        ("x-note", CANARY, "(13 characters, not shown)"),
        ("ce_name", "Adaeze", "(6 characters, not shown)"),
        ("ce_subject", CANARY, "(13 characters, not shown)"),
        ("ce_id", "x" * 201, "(201 characters, not shown)"),
        ("ce_time", "\x1b[2J", "(4 characters, not shown)"),
        ("ce_time", "\x00é\udcff", "(3 characters, not shown)"),
        ("\x1b[2J", "", "(0 characters, not shown)"),
    ],
)
def test_of_headers_the_envelopes_are_shown_and_of_all_others_the_length(
    store: Database, ph: Ph, name: str, value: str, told: str
) -> None:
    (id_,) = park(store, CASE, "json_invalid")
    store.fetch("update parked set headers = $1", json.dumps([(name, value)] * 2))
    shown = json.loads(ph("parked", "show", id_, "--service", "referral", "--json").stdout)
    assert shown["headers"] == [[printable(name), told]] * 2


def test_a_key_or_a_type_that_is_no_short_token_is_shown_by_length_only(store: Database, ph: Ph) -> None:
    (id_,) = park(store, CASE, "json_invalid")
    shown_as = {CANARY: "(13 characters, not shown)", "x" * 201: "(201 characters, not shown)", "a.b": "a.b"}
    for text, told in shown_as.items():
        store.fetch("update parked set key = $1, type = $1", text)
        shown = json.loads(ph("parked", "show", id_, "--service", "referral", "--json").stdout)
        assert (shown["key"], shown["type"]) == (told, told)


REVEAL = ("--reveal", *BY, "--reason", "origin_unknown")


@pytest.fixture
def with_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeyVault:
    file = tmp_path / "keys"
    file.write_text(f"v1 {b64encode(b'k' * 32).decode()}\n")
    monkeypatch.setenv("REFERRAL_VAULT_KEYS_FILE", str(file))
    return KeyVault.of_service("referral")


@pytest.mark.usefixtures("with_keys")
def test_what_a_record_holds_is_shown_on_request_and_is_a_row_of_the_audit(
    store: Database, ph: Ph, with_keys: KeyVault
) -> None:
    (id_,) = park(store, CASE, "json_invalid")
    result = ph("parked", "show", id_, *REVEAL, "--json")
    assert CANARY in json.loads(result.stdout)["payload"]
    assert "that you look is in the audit" in result.stderr
    person = with_keys.marks(b"INC-4711")[0]
    assert store.fetch("select person, role, org, action, subjects, outcome, ground from audit") == [
        (
            person,
            "operator",
            SERVICE.org,
            "reveal_parked",
            [UUID(CASE)],
            "shown",
            "origin_unknown: INC-4711",
        )
    ]


@pytest.mark.usefixtures("with_keys")
@pytest.mark.parametrize(
    ("payload", "subject", "key", "about"),
    [
        (b"no json", OTHER, CASE, [UUID(OTHER)]),
        (b"no json", "Adaeze", CASE, [UUID(CASE)]),
        (None, None, "Adaeze", []),
        (json.dumps({"case_id": OTHER}).encode(), CASE, CASE, [UUID(OTHER)]),
        (json.dumps({"case_id": "Adaeze"}).encode(), CASE, "Adaeze", [UUID(CASE)]),
    ],
)
def test_the_row_names_whom_the_record_is_about_as_far_as_that_can_be_read(
    store: Database, ph: Ph, payload: bytes | None, subject: str | None, key: str, about: list[UUID]
) -> None:
    (id_,) = park(store, CASE, "json_invalid")
    headers = [] if subject is None else [("ce_subject", subject)]
    store.fetch("update parked set key = $1, headers = $2, payload = $3", key, json.dumps(headers), payload)
    assert ph("parked", "show", id_, *REVEAL).exit_code == 0
    assert store.fetch("select subjects from audit") == [(about,)]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--reason", "origin_unknown"), "--by is missing"),
        (("--by", "INC-4711"), "--reason is missing"),
        (("--by", "INC-4711", "--reason", "curious"), "no code of reveal_reasons"),
        (("--by", "INC-4711", "--reason", "origin_unknown"), "REFERRAL_VAULT_KEYS_FILE is not set"),
    ],
)
def test_who_does_not_say_who_and_why_or_has_no_keys_is_shown_nothing(
    store: Database, ph: Ph, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], told: str
) -> None:
    monkeypatch.delenv("REFERRAL_VAULT_KEYS_FILE", raising=False)
    (id_,) = park(store, CASE, "json_invalid")
    result = ph("parked", "show", id_, "--service", "referral", "--reveal", *options)
    assert result.exit_code != 0
    assert told in result.stderr
    assert CANARY not in result.output
    assert store.fetch("select from audit") == []


@pytest.mark.usefixtures("with_keys")
def test_what_cannot_be_a_row_of_the_audit_is_not_shown(
    store: Database, ph: Ph, monkeypatch: pytest.MonkeyPatch
) -> None:
    (id_,) = park(store, CASE, "json_invalid")
    for address in (store.operator, f"{store.application}?options=-c%20default_transaction_read_only%3Don"):
        monkeypatch.setenv("REFERRAL_DATABASE_URL", address)
        result = ph("parked", "show", id_, *REVEAL)
        assert result.exit_code == 1
        assert CANARY not in result.output
    assert "nobody could note who looks" in result.stderr
    assert store.fetch("select from audit") == []


@pytest.mark.usefixtures("with_keys")
def test_what_travels_sealed_stays_sealed(store: Database, ph: Ph, with_keys: KeyVault) -> None:
    sealed = with_keys.seal(UUID(CASE), "identity", {"box": CANARY})
    (id_,) = park(store, CASE, "schema_violated")
    payload = {"case_id": CASE, "parts": [{"part": "identity", "box": sealed.boxes["box"]}]}
    store.fetch("update parked set payload = $1", json.dumps(payload).encode())
    shown = json.loads(ph("parked", "show", id_, *REVEAL, "--json").stdout)
    assert json.loads(shown["payload"]) == payload
    assert CANARY not in shown["payload"]


def test_show_of_a_record_that_is_gone_says_so(store: Database, ph: Ph) -> None:
    result = ph("parked", "show", 99, "--service", "referral")
    assert result.exit_code == 1
    assert "there is no parked record 99" in result.stderr


def test_retry_sets_the_head_free_and_the_worker_finds_its_key(store: Database, ph: Ph) -> None:
    head, behind = park(store, CASE, "json_invalid", "behind")
    assert ready(store) == []
    result = ph("parked", "retry", head, *BY, "--json")
    assert (result.exit_code, answers(result)) == (0, [(head, True)])
    assert state(store, head) == ("retry", "INC-4711", None)
    assert state(store, behind) == ("parked", None, None)
    assert ready(store) == [(TOPIC, CASE, None)]


def test_retry_of_a_record_that_waits_points_to_the_head(store: Database, ph: Ph) -> None:
    _, behind = park(store, CASE, "json_invalid", "behind")
    result = ph("parked", "retry", behind, *BY)
    assert result.exit_code == 1
    assert "waits behind another record of its key" in result.stdout
    assert ready(store) == []


def test_retry_by_key_or_of_all_takes_heads_only(store: Database, ph: Ph) -> None:
    first, _ = park(store, CASE, "json_invalid", "behind")
    (second,) = park(store, OTHER, "key_mismatch")
    (loose,) = park(store, None, "key_missing")
    assert answers(ph("parked", "retry", "--key", CASE, *BY, "--json")) == [(first, True)]
    result = ph("parked", "retry", "--all", *BY, "--json")
    assert result.exit_code == 1
    assert answers(result) == [(first, False), (second, True), (loose, True)]
    assert sorted(ready(store), key=str) == sorted(
        [(TOPIC, CASE, None), (TOPIC, OTHER, None), (TOPIC, None, loose)], key=str
    )


def test_retry_of_all_leaves_out_what_somebody_has_to_vouch_for(store: Database, ph: Ph) -> None:
    (refused,) = park(store, CASE, "unlucky")
    (fork,) = park(store, OTHER, "fork")
    assert answers(ph("parked", "retry", "--all", *BY, "--json")) == [(refused, True)]
    assert answers(ph("parked", "retry", "--all", "--failure", "fork", *BY, "--json")) == [(fork, True)]


def test_retry_of_all_can_be_narrowed_to_one_failure(store: Database, ph: Ph) -> None:
    park(store, CASE, "json_invalid")
    (second,) = park(store, OTHER, "database_refused")
    result = ph("parked", "retry", "--all", "--failure", "database_refused", *BY, "--json")
    assert answers(result) == [(second, True)]


def test_a_decision_by_filter_takes_so_many_at_once_and_says_how_many_are_left(
    store: Database, ph: Ph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parked, "MOST", 2)
    ids = [id_ for each in range(5) for id_ in park(store, f"{CASE[:-1]}{each}", "unlucky", "behind")[:1]]
    ask = ("parked", "retry", "--all", "--failure", "unlucky", *BY)
    result = ph(*ask, "--json")
    assert (result.exit_code, answers(result)) == (1, [(id_, True) for id_ in ids[:2]])
    assert "2 are done, 3 more match" in result.stderr
    store.fetch("update parked set state = 'parked', updated_at = now() where state = 'retry'")  # it was in vain
    assert answers(ph(*ask, "--json")) == [(id_, True) for id_ in ids[2:4]], "first what was touched longest ago"
    last = ph(*ask, "--json")
    assert answers(last) == [(ids[0], True), (ids[4], True)]
    assert "2 are done, 1 more match" in last.stderr


def test_the_same_discard_once_more_takes_nothing_that_has_only_waited(
    store: Database, ph: Ph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parked, "MOST", 1)
    first, _ = park(store, CASE, "json_invalid", "behind")
    second, _ = park(store, CASE, "json_invalid", "behind", topic="ph.placement.v1")
    ask = ("parked", "discard", "--key", CASE, *BY, "--reason", "sent by a test tool", "--json")
    assert [answers(ph(*ask)) for _ in range(2)] == [[(first, True)], [(second, True)]]
    assert answers(ph(*ask)) == []


def test_retrying_what_is_not_there_changes_nothing(store: Database, ph: Ph) -> None:
    result = ph("parked", "retry", 99, *BY, "--json")
    assert (result.exit_code, answers(result)) == (1, [(99, False)])
    nothing = ph("parked", "retry", "--key", "nobody", *BY)
    assert nothing.exit_code == 1
    assert "nothing matches" in nothing.stderr


def test_discard_keeps_who_and_why_and_lets_the_key_go_on(store: Database, ph: Ph) -> None:
    head, behind = park(store, CASE, "json_invalid", "behind")
    result = ph("parked", "discard", head, *BY, "--reason", "sent by a test tool", "--json")
    assert (result.exit_code, answers(result)) == (0, [(head, True)])
    assert state(store, head) == ("discarded", "INC-4711", "sent by a test tool")
    assert ready(store) == [(TOPIC, CASE, None)]
    taken = store.run(lambda c: parking.take(c, parking.Ready(TOPIC, CASE, None)))
    assert taken is not None
    assert taken.id == behind
    audit = json.loads(ph("parked", "list", "--service", "referral", "--discarded", "--json").stdout)
    assert [(row["id"], row["reason"]) for row in audit] == [(head, "sent by a test tool")]


def test_discard_by_key_takes_the_head_and_leaves_those_behind(store: Database, ph: Ph) -> None:
    head, behind = park(store, CASE, "json_invalid", "behind")
    assert answers(ph("parked", "discard", "--key", CASE, *BY, "--reason", "no such course", "--json")) == [
        (head, True)
    ]
    assert state(store, behind)[0] == "parked"


def test_discarding_a_record_that_waits_leaves_the_head_blocking(store: Database, ph: Ph) -> None:
    head, middle, last = park(store, CASE, "json_invalid", "behind", "behind")
    result = ph("parked", "discard", middle, *BY, "--reason", "sent twice", "--json")
    assert answers(result) == [(middle, True)]
    (key,) = ready(store)
    assert store.run(lambda c: parking.take(c, parking.Ready(*key)), as_application=True) is None
    assert ready(store) == [], "the worker has seen it"
    ph("parked", "retry", head, *BY)
    order = store.fetch("select id from parked where key = $1 and state <> 'discarded' order by id", CASE)
    assert order == [(head,), (last,)]


def test_discard_is_final(store: Database, ph: Ph) -> None:
    (id_,) = park(store, CASE, "json_invalid")
    ph("parked", "discard", id_, *BY, "--reason", "first decision")
    again = ph("parked", "discard", id_, *BY, "--reason", "second decision")
    assert again.exit_code == 1
    assert "was discarded already, by INC-4711" in again.stdout
    assert "was discarded by INC-4711: that is final" in ph("parked", "retry", id_, *BY).stdout
    assert state(store, id_) == ("discarded", "INC-4711", "first decision")


def test_the_record_after_a_discarded_one_is_the_head(store: Database, ph: Ph) -> None:
    first, second = park(store, CASE, "json_invalid", "seat_taken")
    assert answers(ph("parked", "retry", second, *BY, "--json")) == [(second, False)]
    ph("parked", "discard", first, *BY, "--reason", "sent by a test tool")
    assert answers(ph("parked", "retry", second, *BY, "--json")) == [(second, True)]


def test_the_last_record_discarded_unblocks_its_key_at_the_workers_next_look(store: Database, ph: Ph) -> None:
    (id_,) = park(store, CASE, "json_invalid")
    ph("parked", "discard", id_, *BY, "--reason", "sent by a test tool")
    assert ready(store) == [(TOPIC, CASE, None)]
    assert store.run(lambda c: parking.take(c, parking.Ready(TOPIC, CASE, None)), as_application=True) is None
    assert store.fetch("select blocked from position") == [(False,)]


def test_the_operator_may_come_from_the_environment(store: Database, ph: Ph, monkeypatch: pytest.MonkeyPatch) -> None:
    (id_,) = park(store, CASE, "json_invalid")
    monkeypatch.setenv("PH_OPERATOR", "operator:on-call")
    assert ph("parked", "retry", id_, "--service", "referral").exit_code == 0
    assert state(store, id_)[1] == "operator:on-call"


def test_a_decision_on_a_record_that_the_worker_settles_at_that_moment_reports_it_gone(
    store: Database,
) -> None:
    (id_,) = park(store, CASE, "json_invalid")

    async def crossing(worker: asyncpg.Connection) -> parked.Decided:
        operator = await asyncpg.connect(store.application)
        try:
            async with worker.transaction():
                await worker.execute("select from parked where id = $1 for update", id_)
                deciding = asyncio.create_task(parked.discard(operator, [id_], "INC-1", "in the way"))
                await asyncio.sleep(0.2)
                assert not deciding.done()
                await worker.execute("delete from parked where id = $1", id_)
            return await deciding
        finally:
            await operator.close()

    ((outcome,), left) = store.run(crossing)
    assert left == 0
    assert not outcome.changed
    assert "settled in the meantime" in outcome.what


def test_the_counts_tell_how_much_waits_and_for_how_long(store: Database) -> None:
    assert store.run(parked.counts) == parked.Counts(0, 0, 0.0)
    park(store, CASE, "json_invalid", "behind")
    park(store, None, "key_missing")
    store.fetch("update parked set parked_at = clock_timestamp() - interval '1 hour' where failure = 'behind'")
    counts = store.run(parked.counts, as_application=True)
    assert (counts.records, counts.keys) == (3, 1)
    assert 3600 <= counts.oldest_seconds < 3660


def test_a_database_without_tables_asks_for_migrations(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    with created(cluster) as empty:
        result = command(empty, monkeypatch)("parked", "list", "--service", "referral")
    assert result.exit_code == 1
    assert "ph migrate" in result.stderr
    assert "Traceback" not in result.output
