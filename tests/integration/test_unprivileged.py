"""Programs that refuse to run as root are started by whatever process, as somebody else."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from deploy.local import processes
from deploy.local.places import StackError

SOMEBODY = 'test "$(id -u)" -ne 0'


@pytest.fixture(scope="module")
def threads_in_every_child() -> list[bool]:
    """As libraries do that send spans and metrics: they start threads again after a fork. The list turns it on."""
    wanted: list[bool] = []

    def again() -> None:
        if wanted:
            threading.Thread(target=time.sleep, args=(5,), daemon=True).start()

    os.register_at_fork(after_in_child=again)
    return wanted


@pytest.mark.parametrize("threads", [False, True])
def test_a_program_runs_as_somebody_whatever_a_fork_starts(threads_in_every_child: list[bool], threads: bool) -> None:
    threads_in_every_child[:] = [True] * threads
    try:
        processes.run_unprivileged(["/bin/sh", "-c", SOMEBODY])
    finally:
        threads_in_every_child.clear()


def test_its_failure_is_told_in_its_own_words() -> None:
    with pytest.raises(StackError, match="sh failed:\nnot today"):
        processes.run_unprivileged(["/bin/sh", "-c", "echo not today; exit 3"])


def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    started = os.fork()
    if started == 0:
        program = processes.start("sleeper", ["/bin/sleep", "60"], log=log, unprivileged=True)
        (tmp_path / "draft").write_text(str(program.pid))
        (tmp_path / "draft").rename(tmp_path / "pid")
        time.sleep(1)
        os._exit(0)
    os.waitpid(started, 0)
    pid = int((tmp_path / "pid").read_text())
    until = time.monotonic() + 20
    while processes.started_at(pid) is not None and time.monotonic() < until:
        time.sleep(0.05)
    assert processes.started_at(pid) is None
