"""`make run`, `demo`, `stop`, `reset`, `status` and `ph`."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from deploy.local import processes
from deploy.local.places import LOCAL, ROOT, SERVICES, STAGES, Ports, StackError, configured_ports, require_free
from deploy.local.postgres import write_secret
from deploy.local.progress import Progress
from deploy.local.stack import LocalStack

DATA = ("postgres", "kafka", "log", "run")
NEEDED_BYTES = 500_000_000
"""A new data directory (90 MB), logs, and room to work."""

Story = Callable[[LocalStack], None]


def run(story: Story, *, stay: bool, directory: Path = LOCAL) -> None:
    """Starts the stack, plays the story, and stays until Ctrl-C if asked to."""
    require_ours(directory)
    with _only_runner(directory):
        if left := processes.noted(directory / "run"):
            raise StackError(f"An earlier run left something behind ({', '.join(left)}). End it first: make stop")
        require_space(directory)
        ports = configured_ports()
        require_free(ports)
        say = Progress(STAGES)
        stack = LocalStack(directory, ports, say=say)
        processes.note(directory / "run", "run", os.getpid())
        try:
            stack.start()
            say.done()
            print(f"All services are ready after {say.total():.1f} s.\n", flush=True)
            story(stack)
            _print_urls(stack)
            if stay:
                print("\nRunning. Ctrl-C stops everything.", flush=True)
                _watch(stack)
        finally:
            say("stopping")
            stack.stop()
            say.done()


def stop(directory: Path = LOCAL) -> None:
    """Ends what an interrupted run left behind; only what it started, by id and start time."""
    notes = directory / "run"
    runner = processes.noted(notes).get("run")
    if runner is not None:
        print("stopping the run and all that it started", flush=True)
        runner.end(90)
    left = {name: note for name, note in processes.noted(notes).items() if name != "run"}
    for name in sorted(left, key=lambda name: (name in {"Kafka", "PostgreSQL"}, name)):  # what depends on them first
        print(f"stopping {name}", flush=True)
        left[name].end(25)
    processes.forget(notes)
    print("Stopped." if runner is not None or left else "Nothing was running.")


def reset(directory: Path = LOCAL) -> None:
    """Forgets all data; the downloads and the keys stay."""
    if processes.noted(directory / "run"):
        raise StackError("The stack is running. Stop it first: make stop")
    for name in DATA:
        shutil.rmtree(directory / name, ignore_errors=True)
    print("The data of the local stack is gone; make run starts afresh.")


def status(directory: Path = LOCAL) -> None:
    """What runs, and where."""
    stack = running_stack(directory)
    for name, note in processes.noted(directory / "run").items():
        print(f"{name:12} process {note.pid}")
    _print_urls(stack)


def ph(arguments: list[str], directory: Path = LOCAL) -> None:
    """The operators' command, with the settings of the running stack."""
    stack = running_stack(directory)
    environment = {**os.environ, **stack.environment()}
    environment.setdefault("PH_OPERATOR", "local-stack")
    if arguments[:1] == ["topics"] and arguments[1:2] in (["plan"], ["apply"]):
        arguments = [*arguments[:2], "--replication", "1", *arguments[2:]]  # declared for three brokers; here is one
    if arguments[:1] == ["trace-case"]:
        environment |= asking_journey(stack)
    if arguments[:1] == ["doctor"] and arguments[1:2] and arguments[1] in SERVICES:
        environment |= stack.users.settings(arguments[1])  # it looks with the service's own login
    os.chdir(ROOT)
    os.execve(sys.executable, [sys.executable, "-m", "chassis.operators.cli", *arguments], environment)  # noqa: S606


def asking_journey(stack: LocalStack) -> dict[str, str]:
    """Where journey answers, and a token for it. Who has named another address or token is left both."""
    token = stack.directory / "run" / "operator-token"
    write_secret(token, stack.issuer.token("operator", "programme:operations", service="journey"))
    own = {"JOURNEY_API_URL": stack.urls()["journey"], "PH_TOKEN_FILE": str(token)}
    return {name: os.environ.get(name, value) for name, value in own.items()}


def running_stack(directory: Path = LOCAL) -> LocalStack:
    """The stack that `make run` keeps, with its ports. Raises `StackError` if there is none."""
    if not processes.noted(directory / "run"):
        raise StackError("The stack is not running. Start it: make run")
    try:
        ports = Ports(**json.loads((directory / "run" / "ports").read_text()))
        login = (directory / "run" / "login").read_text()
    except FileNotFoundError as error:
        raise StackError("The stack is only just starting. Try again in a moment.") from error
    return LocalStack(directory, ports, kafka_login="scram" if login == "scram" else "none")


def require_ours(directory: Path) -> None:
    """Raises `StackError` if the data belongs to another user: the servers would refuse it less clearly."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StackError(f"{directory} cannot be made ({error.strerror}): is this folder yours to write?") from error
    for path in (directory, directory / "postgres", directory / "kafka"):
        if path.exists() and path.stat().st_uid != os.geteuid():
            raise StackError(
                f"{path} belongs to {path.owner()}, and you are somebody else. Run the stack as {path.owner()}, "
                "or remove that folder as its owner."
            )


def require_space(directory: Path) -> None:
    """Raises `StackError` if the disk is too full to start."""
    free = shutil.disk_usage(directory).free
    if free < NEEDED_BYTES:
        raise StackError(
            f"Only {free // 1_000_000} MB are free at {directory}; the stack needs {NEEDED_BYTES // 1_000_000} MB. "
            "Make room, or forget old data: make reset"
        )


@contextmanager
def _only_runner(directory: Path) -> Iterator[None]:
    with (directory / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # given back by the kernel, however this process ends
        except BlockingIOError as error:
            raise StackError("The stack is running already. See it: make status. Stop it: make stop") from error
        yield


def _story() -> Story:
    from deploy.local.story import play  # noqa: PLC0415 - stop and reset work without it

    return play


def _print_urls(stack: LocalStack) -> None:
    print()
    for service, url in stack.urls().items():
        print(f"{service:12} {url}/docs   {url}/metrics")
    print(f"{'pages':12} {stack.urls()['journey']}/pages")
    print(f"{'Kafka':12} {stack.kafka.bootstrap}{_door(stack)}")
    print(f"{'PostgreSQL':12} 127.0.0.1:{stack.ports.postgres}, databases ph_referral, ph_training, ...")
    print(f"{'logs':12} {os.path.relpath(stack.logs)}", flush=True)


def _door(stack: LocalStack) -> str:
    return "" if stack.kafka.login == "none" else f"   with login (SCRAM) {stack.kafka.door}"


def _watch(stack: LocalStack) -> None:
    while True:
        time.sleep(0.5)
        for program in (stack.postgres.program, stack.kafka.program, stack.provider, *stack.services.values()):
            if program is not None:
                program.require_alive()


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    # From here on a further signal must not break off the orderly stop.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> None:
    """The command given as the first argument."""
    commands: dict[str, Callable[[], None]] = {
        "run": lambda: run(_story(), stay=True),
        "demo": lambda: run(_story(), stay=False),
        "stop": stop,
        "reset": reset,
        "status": status,
        "ph": lambda: ph(rest),
    }
    parser = argparse.ArgumentParser(prog="python -m deploy.local.run", description="The local stack.")
    parser.add_argument("command", choices=sorted(commands))
    command, rest = sys.argv[1:2], sys.argv[2:]  # what follows `ph` is its own, --help included
    options = parser.parse_args(command if command == ["ph"] else sys.argv[1:])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    try:
        commands[options.command]()
    except KeyboardInterrupt:
        print("Stopped on request.", flush=True)
    except StackError as error:
        raise SystemExit(f"\n{error}") from error


if __name__ == "__main__":
    main()
