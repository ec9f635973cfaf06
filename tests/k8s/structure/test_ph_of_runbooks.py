"""The function `ph` of the runbooks: each command that a page names runs where the login lies that it needs."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from deploy.local.places import ROOT
from tests.k8s.structure.rendering import rendered

RUNBOOKS = ROOT / "docs" / "runbooks"
FUNCTION = re.compile(r"^ph\(\) \{\n.*?^\}\n", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:^ *|`)ph ([a-z][^`\n]*)", re.MULTILINE)
OF_OPERATORS = {
    ("topics", "plan"),
    ("parked", "list"),
    ("parked", "show"),
    ("parked", "retry"),
    ("parked", "discard"),
    ("restore", "plan"),
    ("restore", "decided"),
    ("retention", "run"),
    ("retention", "runs"),
}
"""Commands for which the operators' logins suffice (docs/architecture/operators.md)."""
OF_THE_SERVICE = {
    ("doctor",),
    ("audit", "verify"),
    ("keys", "list"),
    ("keys", "destroy"),
    ("keys", "rewrap"),
    ("keys", "rotate"),
    ("migrate", "--check"),
    ("restore", "reconcile"),
    ("restore", "repeats"),
    ("restore", "set-aside"),
    ("retention", "plan"),
}
HERE = "trace-case"
"""What asks an API in a person's own name runs on their own machine."""
WHERE = ("perspektive-heimat", "exec", "-i")


@cache
def commands() -> list[str]:
    """As the pages write them, each once, without the file that an output goes into."""
    written = {found for page in RUNBOOKS.glob("*.md") for found in COMMAND.findall(page.read_text())}
    return sorted(each.partition(" > ")[0] for each in written)


def asked(command: str) -> tuple[str, str]:
    """The Deployment and the container to which the function sends a command."""
    (function,) = FUNCTION.findall((RUNBOOKS / "README.md").read_text())
    script = f'set -u\nkubectl() {{ printf "%s\\n" "$@"; }}\nSERVICE=training\n{function}ph {command}\n'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    _, namespace, verb, interactive, deployment, _, container, dashes, program, *_ = done.stdout.splitlines()
    assert (namespace, verb, interactive, dashes, program) == (*WHERE, "--", "ph")
    return deployment, container


def of(*, here: bool) -> list[str]:
    """The commands that run on a person's own machine, or all others."""
    return [each for each in commands() if (each.split()[0] == HERE) is here]


@pytest.mark.parametrize("command", of(here=True))
def test_a_command_in_ones_own_name_runs_on_ones_own_machine(command: str, tmp_path: Path) -> None:
    (function,) = FUNCTION.findall((RUNBOOKS / "README.md").read_text())
    (tmp_path / "ph").write_text('#!/bin/sh\necho "here: $*"\n')
    (tmp_path / "ph").chmod(0o755)
    script = f"set -u\nPATH='{tmp_path}':$PATH\nSERVICE=training\n{function}ph {command}\n"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == f"here: {command}\n"


@pytest.mark.parametrize("command", of(here=False))
def test_a_command_runs_where_its_login_lies(command: str) -> None:
    words = tuple(command.split()[:2])
    operators = words in OF_OPERATORS and "--reveal" not in command
    assert operators or words in OF_THE_SERVICE or words[:1] in OF_THE_SERVICE or "--reveal" in command, words
    expected = ("deployment/training-operator", "ph") if operators else ("deployment/training-worker", "service")
    assert asked(command) == expected


def test_pages_name_commands_of_both_kinds_and_what_holds_a_record_is_looked_at_as_the_service() -> None:
    there = {tuple(command.split()[:2]) for command in commands()}
    assert there & OF_OPERATORS
    assert ("restore", "reconcile") in there
    assert any("--reveal" in command for command in commands())


def test_where_they_run_is_in_production() -> None:
    for command in ("parked list", "doctor training"):
        deployment, container = asked(command)
        found = rendered("overlays/production").get(*("Deployment", deployment.partition("/")[2]))
        assert found is not None
        assert container in {each["name"] for each in found["spec"]["template"]["spec"]["containers"]}
