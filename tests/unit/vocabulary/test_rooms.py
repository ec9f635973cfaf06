"""The table of the vocabulary names every module, and says truly which of them the rooms `domain` may import."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import vocabulary

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "services" / "vocabulary"
MODULES = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
ROWS = dict(re.findall(r"^\| `(\w+)` \|[^|]+\| (yes|not)\b", vocabulary.__doc__ or "", re.MULTILINE))


KEY_TYPE = "chassis.pure.sealing"
"""What `parts` takes the type of a wrapped data key from, by which the chassis finds the states that hold one."""


def imported(source: str) -> Iterator[str]:
    """Every module that a source text imports, with the modules of the vocabulary by their own names."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "vocabulary":
            yield from (f"vocabulary.{each.name}" for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)


def needs_the_standard_library_only(module: str) -> bool:
    return all(
        needs_the_standard_library_only(name.removeprefix("vocabulary."))
        if name.startswith("vocabulary.")
        else name.partition(".")[0] in sys.stdlib_module_names or (module, name) == ("parts", KEY_TYPE)
        for name in imported((FOLDER / f"{module}.py").read_text(encoding="utf-8"))
    )


def test_what_a_wrapped_key_is_needs_the_standard_library_only() -> None:
    source = (ROOT / "services" / Path(*KEY_TYPE.split(".")).with_suffix(".py")).read_text(encoding="utf-8")
    assert {name.partition(".")[0] for name in imported(source)} <= set(sys.stdlib_module_names)


def test_the_table_has_a_row_for_every_module() -> None:
    assert ROWS.keys() == MODULES


def test_domain_may_import_what_needs_the_standard_library_only() -> None:
    found = {module for module in MODULES if needs_the_standard_library_only(module)}
    assert {module for module, may in ROWS.items() if may == "yes"} == found
    assert found < MODULES


def test_no_other_module_passes_the_contract_of_the_domain() -> None:
    """import-linter follows imports: whatever the vocabulary imports from elsewhere is forbidden to the domain."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    forbidden = {
        name.partition(".")[0]
        for each in contracts
        if each["name"].startswith("The domain knows the standard library")
        for name in each["forbidden_modules"]
        if not name.startswith("vocabulary.")
    }
    direct = {
        name.partition(".")[0]
        for module in MODULES
        for name in imported((FOLDER / f"{module}.py").read_text(encoding="utf-8"))
    }
    assert direct - set(sys.stdlib_module_names) - {"vocabulary"} <= forbidden


def test_the_judge_of_imports_sees_each_form() -> None:
    source = "import a.b\nfrom c.d import e\nfrom vocabulary import f\nfrom vocabulary.g import h"
    assert set(imported(source)) == {"a.b", "c.d", "vocabulary.f", "vocabulary.g"}
