"""`make run`, `demo`, `stop`, `reset` and `status`."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

from deploy.local import processes
from deploy.local.places import LOCAL, StackError, configured_ports, require_free
from deploy.local.stack import LocalStack

NOTES = LOCAL / "run"
DATA = ("postgres", "kafka", "log", "run")
NEEDED_BYTES = 1_500_000_000
"""Jars, a new data directory and room to work."""


class Progress:
    """Says what is waited for, with the seconds since the start; one line a step."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def __call__(self, text: str) -> None:
        """One line, at once."""
        print(f"{time.monotonic() - self._begun:6.1f} s  {text}", flush=True)


def run(*, stay: bool) -> None:
    """Starts the stack, plays the story, and stays until Ctrl-C if asked to."""
    if left := processes.noted(NOTES):
        raise StackError(f"The stack is running already ({', '.join(left)}). Stop it first: make stop")
    require_space()
    ports = configured_ports()
    require_free(ports)
    say = Progress()
    stack = LocalStack(LOCAL, ports, say=say)
    processes.note(NOTES, "run", os.getpid())
    try:
        stack.start_servers()
        stack.prepare()
        stack.start_services()
        say("all four services are ready")
        _story()(stack)
        if stay:
            _print_urls(stack)
            _wait_for_interrupt(stack)
    finally:
        say("stopping")
        stack.stop()
        say("stopped")


def stop() -> None:
    """Ends what an interrupted run left behind; only what it started, by id and start time."""
    running = processes.noted(NOTES)
    runner = running.pop("run", None)
    if runner is not None:
        processes.end(runner, 60)
        running = processes.noted(NOTES)
    order = sorted(running, key=lambda name: (name in {"Kafka", "PostgreSQL"}, name))
    for name in order:
        print(f"stopping {name}", flush=True)
        processes.end(running[name], 25)
    processes.forget(NOTES)
    if runner is None and not running:
        print("Nothing was running.")


def reset() -> None:
    """Forgets all data; the downloads and the keys stay."""
    if processes.noted(NOTES):
        raise StackError("The stack is running. Stop it first: make stop")
    for name in DATA:
        shutil.rmtree(LOCAL / name, ignore_errors=True)
    print("The data of the local stack is gone; make run starts afresh.")


def status() -> None:
    """What runs, and where."""
    running = processes.noted(NOTES)
    if not running:
        print("The stack is not running. Start it: make run")
        return
    for name, pid in running.items():
        print(f"{name:12} pid {pid}")
    _print_urls(LocalStack(LOCAL, configured_ports()))


def require_space() -> None:
    """Raises `StackError` if the disk is too full to start."""
    LOCAL.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(LOCAL).free
    if free < NEEDED_BYTES:
        raise StackError(
            f"Only {free // 1_000_000} MB are free at {LOCAL}; the stack needs {NEEDED_BYTES // 1_000_000} MB. "
            "Make room, or forget old data: make reset"
        )


def _story() -> Callable[[LocalStack], None]:
    from deploy.local.story import play  # noqa: PLC0415 - stop and reset work without it

    return play


def _print_urls(stack: LocalStack) -> None:
    print()
    for service, url in stack.urls().items():
        print(f"{service:12} {url}/docs   {url}/metrics")
    print(f"{'Kafka':12} {stack.kafka.bootstrap}")
    print(f"{'PostgreSQL':12} 127.0.0.1:{stack.ports.postgres}, databases ph_referral, ph_training, ...", flush=True)


def _wait_for_interrupt(stack: LocalStack) -> None:
    print("\nRunning. Ctrl-C stops everything.", flush=True)
    while True:
        time.sleep(1)
        for program in (stack.postgres.program, stack.kafka.program, *stack.services.values()):
            program.require_alive()


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    # From here on a further signal must not break off the orderly stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> None:
    """The command given as the only argument."""
    commands: dict[str, Callable[[], None]] = {
        "run": lambda: run(stay=True),
        "demo": lambda: run(stay=False),
        "stop": stop,
        "reset": reset,
        "status": status,
    }
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        raise SystemExit(f"usage: python -m deploy.local.run {'|'.join(commands)}")
    signal.signal(signal.SIGTERM, _interrupted)
    signal.signal(signal.SIGINT, _interrupted)
    try:
        commands[sys.argv[1]]()
    except KeyboardInterrupt:
        print("stopped on request", flush=True)
    except StackError as error:
        raise SystemExit(f"\n{error}") from error


if __name__ == "__main__":
    main()
