"""The parts of `make k8s`: a process each, two at a time, because mostly they wait.

A part shares nothing with another but what is built once, and that is built behind a lock. What a part prints is shown
as a whole: at its end, or, if it has failed, at the end of all. The last thing told is a table of seconds.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from deploy.local import processes
from deploy.local.places import LOCAL, ROOT
from deploy.local.processes import Program

HERE = Path(__file__).parent
FOLDER = LOCAL / "k8s" / "parts"
AT_ONCE = 2
SPLIT = ("drill",)
"""Parts whose files share nothing: each file is a process of its own."""
ALONE = ("executed",)
"""Parts that nobody disturbs: people feel nothing of a rollout where the machine has room for it. They come last."""
LONGEST_FIRST = ("drill", "apiserver", "runner", "servers", "structure")
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
        return self.part if self.path.is_dir() else f"{self.part}/{self.path.stem.removeprefix('test_')}"

    @property
    def alone(self) -> bool:
        """True if nothing may run beside it."""
        return self.part in ALONE


@dataclass(frozen=True)
class Done:
    """How a piece ended."""

    name: str
    code: int
    seconds: float
    said: str

    @property
    def failed(self) -> bool:
        """False also where no test was chosen: it may have been meant for another part."""
        return self.code not in {0, NO_TESTS}

    def line(self) -> str:
        """For the table: the last line of pytest has the numbers of tests."""
        last = self.said.rstrip().rpartition("\n")[2].strip("= ")
        return f"{self.seconds:7.1f} s  {'FAILED' if self.failed else 'passed'}  {self.name:24} {last}"


def parts() -> list[str]:
    """The folders that have tests."""
    return sorted({path.relative_to(HERE).parts[0] for path in HERE.glob("*/**/test_*.py")})


def pieces(chosen: Sequence[str]) -> list[Piece]:
    """What these parts consist of, in the order in which they begin."""

    def turn(part: str) -> tuple[bool, int, str]:
        known = part in LONGEST_FIRST
        return part in ALONE, LONGEST_FIRST.index(part) if known else len(LONGEST_FIRST), part

    return [
        Piece(part, path)
        for part in sorted(set(chosen), key=turn)
        for path in (sorted((HERE / part).glob("test_*.py")) if part in SPLIT else [HERE / part])
    ]


def run(chosen: Sequence[Piece], further: Sequence[str]) -> int:
    """Runs them, and tells all. Returns 0; 1 if one has failed; that of pytest where no test was chosen at all."""
    begun = monotonic()
    done = _ended(list(chosen), further)
    for each in done:
        if each.failed:
            _show(each)
    told = sorted(done, key=lambda each: -each.seconds)
    print("\nSeconds per part", *(each.line() for each in told), sep="\n")
    one_after_another = sum(each.seconds for each in done)
    print(f"{monotonic() - begun:7.1f} s  in all; one after another it would have been {one_after_another:.1f} s")
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
            while waiting and may_begin(waiting[0], list(running)):
                piece = waiting.pop(0)
                print(f"{piece.name} begins", flush=True)
                running[piece] = _start(piece, further), monotonic()
            for piece, (program, since) in list(running.items()):
                if not program.alive():
                    del running[piece]
                    said = program.log.read_text(errors="replace")
                    done.append(Done(piece.name, program.process.returncode, monotonic() - since, said))
                    _tell_end(done[-1])
            sleep(LOOK_SECONDS)
    finally:
        for program, _ in running.values():
            program.ask_to_stop()
        for program, _ in running.values():
            program.stop(END_SECONDS)
    return done


def may_begin(piece: Piece, running: Sequence[Piece]) -> bool:
    """Whether there is room for it."""
    if piece.alone or any(each.alone for each in running):
        return not running
    return len(running) < AT_ONCE


def _start(piece: Piece, further: Sequence[str]) -> Program:
    name = piece.name.replace("/", "-")
    log = FOLDER / f"{name}.log"
    log.unlink(missing_ok=True)
    own = ["-o", f"cache_dir={FOLDER / f'{name}.cache'}"]  # several would write into one
    command = [sys.executable, "-m", "pytest", str(piece.path), *own, *further]
    # Asked by SIGINT, pytest ends what its tests have started. It is asked, too, if this process dies.
    return processes.start(piece.name, command, log=log, directory=ROOT, stop_signal=signal.SIGINT)


def _tell_end(done: Done) -> None:
    if done.failed:
        print(f"{done.name} has FAILED: what it says stands at the end", flush=True)
    else:
        _show(done)


def _show(done: Done) -> None:
    print(f"\n----- {done.name} -----\n{done.said.rstrip()}\n", flush=True)
