"""What `ph` answers before it reaches any database or broker."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from chassis.operators.cli import app
from chassis.operators.cli.output import print_table
from chassis.postgres.session import shown
from chassis.pure import calendar_days
from chassis.pure.reference import DIRECTORY, InvalidReference

RUNNER = CliRunner()


def ph(*arguments: str) -> Result:
    return RUNNER.invoke(app, arguments)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REFERRAL_DATABASE_URL", "REFERRAL_MIGRATOR_DATABASE_URL", "REFERRAL_API_URL", "PH_OPERATOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("migrate",),
        ("calendar",),
        ("calendar", "show"),
        ("calendar", "count"),
        ("topics",),
        ("topics", "plan"),
        ("topics", "apply"),
        ("parked",),
        ("parked", "list"),
        ("parked", "show"),
        ("parked", "retry"),
        ("parked", "discard"),
    ],
)
def test_every_command_explains_itself(command: tuple[str, ...]) -> None:
    result = ph(*command, "--help")
    assert result.exit_code == 0
    assert "Usage: " in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("migrate",), "name the services with --service, or all of them with --all"),
        (
            ("migrate", "--all", "-s", "referral"),
            "name the services with --service, or all of them with --all",
        ),
        (("migrate", "-s", "nowhere"), "there is no service 'nowhere'"),
        (("migrate", "-s", "chassis"), "there is no service 'chassis'"),
        (("migrate", "-s", "vocabulary"), "there is no service 'vocabulary'"),
        (("migrate", "-s", "../referral"), "there is no service '../referral'"),
        (("parked", "retry", "1", "-s", "referral"), "--by"),
        (("parked", "retry", "-s", "referral", "--by", "ops"), "name records by number"),
        (("parked", "retry", "1", "--all", "-s", "referral", "--by", "ops"), "name records by number"),
        (("parked", "retry", "1", "--topic", "t", "-s", "referral", "--by", "ops"), "do not go together"),
        (("parked", "retry", "1", "-s", "referral", "--by", "Jane Doe"), "is not a role or ticket"),
        (("parked", "discard", "1", "-s", "referral", "--by", "ops"), "--reason"),
        (("parked", "discard", "1", "-s", "referral", "--by", "ops", "--reason", "  x "), "has to say why"),
        (("parked", "show", "0", "-s", "referral"), "than or equal to 1"),
        (("topics", "plan", "--replication", "0"), "--replication"),
    ],
)
def test_a_wrong_command_line_is_explained_and_exits_with_2(arguments: tuple[str, ...], said: str) -> None:
    result = ph(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_a_missing_setting_is_named() -> None:
    result = ph("migrate", "--check", "--service", "referral")
    assert result.exit_code == 1
    assert "error: REFERRAL_DATABASE_URL is not set" in result.stderr
    assert "remedy: Set REFERRAL_DATABASE_URL=" in result.stderr


def test_a_password_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFERRAL_DATABASE_URL", "postgresql://app@127.0.0.1:1/x")
    monkeypatch.setenv("REFERRAL_DATABASE_PASSWORD_FILE", "/nowhere/password")
    result = ph("migrate", "--check", "--service", "referral")
    assert result.exit_code == 1
    assert "/nowhere/password" in result.stderr


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://app:hidden@127.0.0.1:1/x", "cannot be reached"),
        ("postgresql://app:hidden@host.invalid/x", "cannot be reached"),
        ("not an address", "the address is not usable"),
    ],
)
def test_a_database_out_of_reach_is_said_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    monkeypatch.setenv("REFERRAL_DATABASE_URL", url)
    result = ph("parked", "list", "--service", "referral")
    assert result.exit_code == 1
    assert said in result.stderr
    assert "hidden" not in result.output
    assert "Traceback" not in result.output


def test_kafka_out_of_reach_is_said_with_both_possibilities(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.delenv("KAFKA_SECURITY_PROTOCOL", raising=False)
    result = ph("topics", "plan")
    assert result.exit_code == 1
    assert "no broker can be reached, or it refuses the login" in result.stderr
    assert "Connect call failed" in result.stderr
    assert "KAFKA_PASSWORD_FILE" in result.stderr
    assert result.stdout == ""


def test_a_setting_of_kafka_that_is_not_usable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "NONE")
    result = ph("topics", "plan")
    assert result.exit_code == 1
    assert "KAFKA_SECURITY_PROTOCOL is not usable" in result.stderr


def test_errors_leave_standard_output_to_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFERRAL_DATABASE_URL", "postgresql://app@127.0.0.1:1/x")
    result = ph("parked", "list", "--service", "referral", "--json")
    assert result.stdout == ""


def test_a_piped_table_has_one_line_per_row_whatever_the_cells_hold(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table(["a", "b"], [("1\t2", "3\n4"), (None, 5)])
    assert capsys.readouterr().out == "a\tb\n1 2\t3 4\n\t5\n"


def test_an_address_is_shown_without_its_password() -> None:
    assert shown("postgresql://u:p@h:1/d") == "u@h:1/d"
    assert "p" not in json.dumps(shown("postgresql://u:p@/d"))


def test_the_calendar_of_a_year_gives_a_reason_for_each_day_and_marks_estimates() -> None:
    told = json.loads(ph("calendar", "show", "EG", "2026", "--json").stdout)
    days = {each["day"]: each for each in told["days"]}
    assert (days["2026-03-23"]["offices"], days["2026-03-23"]["estimated"]) == ("closed", False)
    assert "Eid al-Fitr" in days["2026-03-23"]["reason"]
    assert (days["2026-05-27"]["offices"], days["2026-05-27"]["estimated"]) == ("closed", True)
    assert days["2026-10-08"]["source"] == "library"
    assert "2026-03-24" not in days
    every = json.loads(ph("calendar", "show", "EG", "2026", "--all", "--json").stdout)["days"]
    assert len(every) == 365
    assert sum(each["offices"] == "open" for each in every) == told["open"]
    assert next(each for each in every if each["day"] == "2026-03-24")["reason"] == "working day"
    assert "estimated" in next(
        line for line in ph("calendar", "show", "EG", "2026").stdout.splitlines() if "05-27" in line
    )


@pytest.mark.parametrize(
    ("place", "year", "remedy"),
    [("FR", "2026", "Use one of AF"), ("NG", "1999", "Give a day from"), ("DE-XX", "2026", "Use DE")],
)
def test_a_calendar_that_is_none_is_refused_with_those_that_are(place: str, year: str, remedy: str) -> None:
    result = ph("calendar", "show", place, year)
    assert result.exit_code == 2
    assert remedy in result.stderr


@pytest.fixture
def calendar_files(tmp_path: Path) -> Path:
    for name in calendar_days.FILES:
        shutil.copy(DIRECTORY / f"{name}.v1.csv", tmp_path)
    return tmp_path


def counted(folder: Path, *options: str) -> Result:
    return ph("calendar", "count", "--directory", str(folder), *options)


def test_a_day_that_is_added_counts_once_its_file_is_counted(calendar_files: Path) -> None:
    path = calendar_files / "calendar_days.v1.csv"
    before = len(calendar_days.read(calendar_files))
    with path.open("a", encoding="utf-8") as file:
        file.write("NG-LA,2027-02-01,closed,Day of mourning,announced,2027-01-30,Gazette,\n")
    with pytest.raises(InvalidReference, match=f"says {before} rows and {before + 1} follow"):
        calendar_days.read(calendar_files)
    done = counted(calendar_files)
    assert (done.exit_code, f"calendar_days: {before + 1} rows, before {before}" in done.stdout) == (0, True)
    assert calendar_days.read(calendar_files)[-1].name == "Day of mourning"
    assert {each.name for each in calendar_files.iterdir()} == {f"{name}.v1.csv" for name in calendar_days.FILES}
    content = path.read_bytes()
    assert "before" not in counted(calendar_files).stdout
    assert path.read_bytes() == content


def test_a_file_with_fewer_rows_than_before_is_counted_on_request_only(calendar_files: Path) -> None:
    path = calendar_files / "calendar_days.v1.csv"
    cut = b"".join(path.read_bytes().splitlines(keepends=True)[:100])
    path.write_bytes(cut)
    refused = counted(calendar_files)
    assert (refused.exit_code, "--fewer" in refused.stderr, path.read_bytes()) == (2, True, cut)
    assert counted(calendar_files, "--fewer").exit_code == 0
    assert len(calendar_days.read(calendar_files)) == 99


@pytest.mark.parametrize(
    ("place", "remedy"),
    [
        ("NG-LSO", "Give a code that it has"),
        ("MA-99", "Give a code that it has"),
        ("IQ-KD", "Give a code that it has"),
        ("GH-BA", "GH-BO"),
        ("XK-PRN", "Give XK"),
    ],
)
def test_a_day_of_a_region_that_there_is_not_is_told(calendar_files: Path, place: str, remedy: str) -> None:
    with (calendar_files / "calendar_days.v1.csv").open("a", encoding="utf-8") as file:
        file.write(f"{place},2027-02-01,closed,Day of mourning,announced,2027-01-30,Gazette,\n")
    told = counted(calendar_files)
    assert told.exit_code == 2
    assert remedy in told.stderr.replace("\n", " "), told.stderr
