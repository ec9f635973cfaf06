from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bench.against import builds
from deploy.local.places import StackError

MAKEFILE = """
venv:
\t@echo "with PYTHONPATH=$$PYTHONPATH and flags=$$MAKEFLAGS"
\t@mkdir -p .local/venv/bin
\t@touch .local/venv/bin/python .local/venv/bin/ph
\t@echo again >> .local/times
"""


class Repository:
    """A git repository with a Makefile like ours."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.builds = root / ".local" / "builds"
        self.said: list[str] = []
        root.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        (root / ".gitignore").write_text(".local/\n")

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=test", "-c", "user.email=test@example.invalid")
        done = subprocess.run(["git", *who, *arguments], cwd=self.root, capture_output=True, check=True)
        return done.stdout.decode().strip()

    def commit(self, text: str, makefile: str = MAKEFILE) -> str:
        (self.root / "Makefile").write_text(makefile)
        (self.root / "code").write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", text)
        return self.git("rev-parse", "HEAD")

    def other(self, name: str) -> builds.Build:
        return builds.other(name, self.said.append, self.root, self.builds)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def test_a_tree_that_is_its_commit_is_a_build(repository: Repository) -> None:
    commit = repository.commit("one")
    assert builds.present(repository.root) == builds.Build("present", commit, repository.root)


@pytest.mark.parametrize("name", ["code", "new_file"])
def test_a_tree_that_differs_from_its_commit_is_named_with_its_remedy(repository: Repository, name: str) -> None:
    repository.commit("one")
    (repository.root / name).write_text("two")
    with pytest.raises(StackError, match=rf"differs from its commit .*{name}.*Commit that first"):
        builds.present(repository.root)


def test_a_tree_without_git_cannot_be_compared(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="no git repository"):
        builds.present(tmp_path)


def test_another_commit_is_checked_out_with_an_environment_of_its_own(repository: Repository) -> None:
    first = repository.commit("one")
    repository.commit("two")
    build = repository.other("HEAD~1")
    assert (build.label, build.commit) == ("other", first)
    assert (build.root / "code").read_text() == "one"
    assert build.python.exists()
    assert repository.git("status", "--porcelain") == ""
    assert repository.git("worktree", "list").count("\n") == 0


def test_the_same_commit_by_another_name_uses_the_same_checkout(repository: Repository) -> None:
    first = repository.commit("one")
    repository.git("tag", "v1")
    build = repository.other("v1")
    (build.root / "mark").touch()
    assert repository.other(first[:9]) == build
    assert (build.root / "mark").exists()


def test_the_make_of_this_build_does_not_reach_into_that_of_the_other(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "services:.")
    monkeypatch.setenv("MAKEFLAGS", "n")  # would make it do nothing
    build = repository.other(repository.commit("one"))
    assert "with PYTHONPATH= and flags=\n" in (build.root / ".local" / "bench-venv.log").read_text()


@pytest.mark.parametrize("name", ["no-such-commit", "0123456789abcdef", "--help", "HEAD:code"])
def test_an_unknown_commit_is_named_with_its_remedy(repository: Repository, name: str) -> None:
    repository.commit("one")
    with pytest.raises(StackError, match=f"knows no commit '{name}'.*git log"):
        repository.other(name)
    assert not repository.builds.exists()


def test_a_failed_environment_shows_its_last_words_and_where_they_are(repository: Repository) -> None:
    commit = repository.commit("one", "venv:\n\t@echo the disk is full; exit 3\n")
    with pytest.raises(StackError, match=r"(?s)make venv failed in .*the disk is full.*Mend what it names"):
        repository.other(commit)


def test_an_environment_without_the_programs_is_no_environment(repository: Repository) -> None:
    commit = repository.commit("one", "venv:\n\t@echo done\n")
    with pytest.raises(StackError, match=r"make venv made no .*/\.local/venv/bin/python"):
        repository.other(commit)


def test_only_a_few_checkouts_are_kept(repository: Repository) -> None:
    commits = [repository.commit(f"number {number}") for number in range(builds.KEPT + 2)]
    for commit in commits:
        repository.other(commit)
    kept = {path.name for path in repository.builds.iterdir()}
    assert kept == {commit[:12] for commit in commits[-builds.KEPT :]}
