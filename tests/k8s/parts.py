"""The parts of `make k8s`: a process each, some side by side, because often they wait.

A part shares nothing with another but what is built once, and that is built behind a lock. What a part prints is shown
as a whole: at its end, or, if it has failed, at the end of all. The last thing told is a table of seconds: by the
clock, and of processor time, which says more where several share a machine.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from deploy.local import processes
from deploy.local.places import LOCAL, ROOT
from deploy.local.processes import Program

HERE = Path(__file__).parent
FOLDER = LOCAL / "k8s" / "parts"
AT_ONCE = 3
"""With two processors: two work while one waits."""
SPLIT: Mapping[str, tuple[str, ...]] = {
    "drill": ("lost_keys", "lost_topics", "restore", "topics_from_backup"),
    "executed": ("rollout_of_one",),
}
"""Files of a part that share nothing with its others: each is a process of its own."""
TOLD: Mapping[str, Mapping[str, str]] = {"executed/rollout_of_one": {"EXECUTED": "referral"}}
"""What the environment of a piece says beside that of all."""
FIRST = "executed"
"""People feel nothing of a rollout where the machine has room for it: it goes first, and of the processors it has
three times what another part has. (No more: each test has its own time to be done in.)"""
OTHERS = ("nice", "-n", "5")
LONGEST_FIRST = (FIRST, "apiserver", "drill", "structure", "servers", "runner")
"""What begins last should be short."""
LOOK_SECONDS = 0.1
END_SECONDS = 60
"""For a part that is asked to end: it stops servers and removes namespaces."""
NO_TESTS = 5
"""The exit code of pytest where `-k` has left nothing."""


@dataclass(frozen=True)
class Piece:
    """What one process tests."""

    part: str
    path: Path

    @property
    def name(self) -> str:
        """The part, with the file if it is one of several."""
        return f"{self.part}/{self.path.stem.removeprefix('test_')}" if self.path.suffix else self.part

    @property
    def undisturbed(self) -> bool:
        """True if it goes before the others at the processors."""
        return self.part == FIRST


@dataclass(frozen=True)
class Done:
    """How a piece ended."""

    name: str
    code: int
    seconds: float
    processor: float
    """Seconds of processor time, of all that it has started and waited for."""
    said: str

    @property
    def failed(self) -> bool:
        """False also where no test was chosen: it may have been meant for another part."""
        return self.code not in {0, NO_TESTS}

    def line(self) -> str:
        """For the table: the last line of pytest has the numbers of tests."""
        last = self.said.rstrip().rpartition("\n")[2].strip("= ")
        took = f"{self.seconds:7.1f} s {self.processor:7.1f} s of processors"
        return f"{took}  {'FAILED' if self.failed else 'passed'}  {self.name:24} {last}"


def parts() -> list[str]:
    """The folders that have tests."""
    return sorted({path.relative_to(HERE).parts[0] for path in HERE.glob("*/**/test_*.py")})


def pieces(chosen: Sequence[str]) -> list[Piece]:
    """What these parts consist of, in the order in which they begin.

    Where EXECUTED names the services, all that is executed is of these, and one process; where it is `rollouts`, too.
    """
    split = {part: files for part, files in SPLIT.items() if part != FIRST or not os.environ.get("EXECUTED")}
    found: list[Piece] = []
    for part in sorted(set(chosen), key=_turn):
        apart = [HERE / part / f"test_{name}.py" for name in split.get(part, ())]
        if set((HERE / part).glob("test_*.py")) - set(apart):
            found.append(Piece(part, HERE / part))
        found += [Piece(part, path) for path in apart]
    return found


def _turn(part: str) -> tuple[int, str]:
    return LONGEST_FIRST.index(part) if part in LONGEST_FIRST else len(LONGEST_FIRST), part


def run(chosen: Sequence[Piece], further: Sequence[str]) -> int:
    """Runs them, and tells all. Returns 0; 1 if one has failed; that of pytest where no test was chosen at all."""
    begun = monotonic()
    done = _ended(list(chosen), further)
    for each in done:
        if each.failed:
            _show(each)
    told = sorted(done, key=lambda each: -each.seconds)
    print("\nSeconds per part", *(each.line() for each in told), sep="\n")
    processor = sum(each.processor for each in done)
    print(f"{monotonic() - begun:7.1f} s {processor:7.1f} s of processors  in all")
    return exit_code([each.code for each in done])


def exit_code(codes: Sequence[int]) -> int:
    """One for all."""
    if any(code not in {0, NO_TESTS} for code in codes):
        return 1
    return NO_TESTS if set(codes) == {NO_TESTS} else 0


def _ended(waiting: list[Piece], further: Sequence[str]) -> list[Done]:
    """All of them, in the order in which they ended. What runs when this is interrupted is asked to end."""
    running: dict[Piece, tuple[Program, float]] = {}
    done: list[Done] = []
    try:
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                piece = waiting.pop(0)
                print(f"{piece.name} begins", flush=True)
                running[piece] = _start(piece, further), monotonic()
            for piece, (program, since) in list(running.items()):
                before = _of_ended_children()
                if not program.alive():
                    del running[piece]
                    took, processor = monotonic() - since, _of_ended_children() - before
                    said = program.log.read_text(errors="replace")
                    done.append(Done(piece.name, program.process.returncode, took, processor, said))
                    _tell_end(done[-1])
            sleep(LOOK_SECONDS)
    finally:
        for program, _ in running.values():
            program.ask_to_stop()
        for program, _ in running.values():
            program.stop(END_SECONDS)
    return done


def _of_ended_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _start(piece: Piece, further: Sequence[str]) -> Program:
    name = piece.name.replace("/", "-")
    log = FOLDER / f"{name}.log"
    log.unlink(missing_ok=True)
    own = ["-o", f"cache_dir={FOLDER / f'{name}.cache'}"]  # several would write into one
    command = [sys.executable, "-m", "pytest", str(piece.path), *own, *further]
    # Asked by SIGINT, pytest ends what its tests have started. It is asked, too, if this process dies.
    return processes.start(
        piece.name,
        command if piece.undisturbed else [*OTHERS, *command],
        log=log,
        environment={**os.environ, **TOLD.get(piece.name, {})},
        directory=ROOT,
        stop_signal=signal.SIGINT,
    )


def _tell_end(done: Done) -> None:
    if done.failed:
        print(f"{done.name} has FAILED: what it says stands at the end", flush=True)
    else:
        _show(done)


def _show(done: Done) -> None:
    print(f"\n----- {done.name} -----\n{done.said.rstrip()}\n", flush=True)
