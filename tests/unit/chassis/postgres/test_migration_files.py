"""Migration files and the ledger, compared without a database."""

from __future__ import annotations

from pathlib import Path

import pytest

from chassis.postgres.migration_files import (
    Applied,
    Migration,
    outstanding,
    read,
    sets,
    statements,
)
from chassis.trouble import Trouble


def written(directory: Path, *names: str) -> tuple[Migration, ...]:
    for name in names:
        (directory / name).write_text(f"create table t_{name[:4]} ();\n")
    return read("toy", directory)


def ledger(*migrations: Migration) -> list[Applied]:
    return [Applied(m.component, m.number, m.name, m.checksum) for m in migrations]


def test_files_are_read_in_order_of_their_numbers(tmp_path: Path) -> None:
    found = written(tmp_path, "0002_second.sql", "0001_first.sql")
    assert [str(migration) for migration in found] == ["toy/0001_first", "toy/0002_second"]


def test_a_component_without_folder_has_no_files(tmp_path: Path) -> None:
    assert read("toy", tmp_path / "absent") == ()


def test_line_ends_of_another_system_do_not_change_the_checksum(tmp_path: Path) -> None:
    (tmp_path / "0001_first.sql").write_bytes(b"select 1;\nselect 2;\n")
    unix = read("toy", tmp_path)[0].checksum
    (tmp_path / "0001_first.sql").write_bytes(b"select 1;\r\nselect 2;\r\n")
    assert read("toy", tmp_path)[0].checksum == unix


@pytest.mark.parametrize(
    ("names", "what", "file"),
    [
        (["0001_first.sql", "0003_third.sql"], "number 0002 is expected here", "0003_third.sql"),
        (["0002_second.sql"], "number 0001 is expected here", "0002_second.sql"),
        (["0001_first.sql", "0001_other.sql"], "number 0002 is expected here", "0001_other.sql"),
        (["0001_first.sql", "2_second.sql"], "not of the form", "2_second.sql"),
        (["0001_First.sql"], "not of the form", "0001_First.sql"),
    ],
)
def test_a_gap_a_repeat_or_a_bad_name_is_refused_with_the_file_at_fault(
    tmp_path: Path, names: list[str], what: str, file: str
) -> None:
    with pytest.raises(Trouble, match=what) as raised:
        written(tmp_path, *names)
    assert raised.value.where.endswith(file)
    assert raised.value.remedy


def test_what_is_not_in_the_ledger_is_outstanding(tmp_path: Path) -> None:
    first, second, third = written(tmp_path, "0001_a.sql", "0002_b.sql", "0003_c.sql")
    assert outstanding([first, second, third], ledger(first)) == (second, third)
    assert outstanding([first, second, third], ledger(first, second, third)) == ()


def test_rows_of_newer_code_are_no_contradiction(tmp_path: Path) -> None:
    first, second = written(tmp_path, "0001_a.sql", "0002_b.sql")
    assert outstanding([first], ledger(first, second)) == ()


def test_a_file_changed_after_it_was_applied_is_refused(tmp_path: Path) -> None:
    applied = ledger(*written(tmp_path, "0001_a.sql"))
    (tmp_path / "0001_a.sql").write_text("drop table t_0001;")
    with pytest.raises(Trouble, match="toy/0001_a was changed after it was applied") as raised:
        outstanding(read("toy", tmp_path), applied)
    assert "new file with the next number" in raised.value.remedy


def test_a_file_renamed_after_it_was_applied_is_refused_with_its_old_name(tmp_path: Path) -> None:
    applied = ledger(*written(tmp_path, "0001_a.sql"))
    (tmp_path / "0001_a.sql").rename(tmp_path / "0001_b.sql")
    with pytest.raises(Trouble, match="was applied under the name 0001_a"):
        outstanding(read("toy", tmp_path), applied)


def test_a_hole_in_the_ledger_is_refused(tmp_path: Path) -> None:
    first, second = written(tmp_path, "0001_a.sql", "0002_b.sql")
    with pytest.raises(Trouble, match="toy/0002_b is applied, but toy/0001_a before it is not"):
        outstanding([first, second], ledger(second))


def test_the_same_number_in_two_components_is_two_files(tmp_path: Path) -> None:
    (mine,) = written(tmp_path, "0001_a.sql")
    chassis = Migration("chassis", 1, "chassis", "other", tmp_path)
    assert outstanding([chassis, mine], ledger(mine)) == (chassis,)


@pytest.mark.parametrize("line", ["commit;", "  ROLLBACK ;", "begin;", "start transaction;"])
def test_a_file_must_not_end_the_transaction_it_runs_in(tmp_path: Path, line: str) -> None:
    (tmp_path / "0001_a.sql").write_text(f"create table a ();\n{line}\n")
    with pytest.raises(Trouble, match="begins or ends transactions itself"):
        statements(read("toy", tmp_path)[0])


def test_the_body_of_a_function_may_say_begin_and_end(tmp_path: Path) -> None:
    sql = "create function f() returns int language plpgsql as $$\nbegin\n  return 1;\nend;\n$$;\n"
    (tmp_path / "0001_a.sql").write_text(sql)
    assert statements(read("toy", tmp_path)[0]) == sql


def test_the_chassis_comes_before_the_service() -> None:
    assert list(sets("referral")) == ["chassis", "referral"]
