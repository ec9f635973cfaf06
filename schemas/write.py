"""Writes what follows from contract and code.

`make schemas` writes asyncapi.yaml, `make event` the frame of a new event's schema, `make example` that of an example.

Exit code: 0 written or as it should be, 1 refused, 2 wrong use.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from checks.asyncapi import FILE, basis, write
from checks.examples import PLACEHOLDERS
from checks.findings import Unreadable
from checks.inventory import identities, schemas
from checks.new_event import NewEvent, new_event
from checks.new_example import NewExample, NotWritten, new_example


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit code."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(prog="schemas/write.py", description="Writes what follows from the contract.")
    parser.add_argument("--directory", type=Path, default=here, help="folder of the contract")
    parser.add_argument(
        "--new-example",
        metavar="SERVICE/NAME[.vN[.VARIANT]]",
        help="write the frame of an example of this event, instead of asyncapi.yaml",
    )
    parser.add_argument(
        "--new-event",
        metavar="SERVICE/NAME",
        help="write the frame of this event's schema from its class, and its line in topics.yaml",
    )
    parser.add_argument(
        "--after",
        metavar="[SERVICE/]NAME",
        default="",
        help="the new example happens right after the last one of this event, not at the end of the story",
    )
    options = parser.parse_args(arguments)
    root = options.directory.resolve()
    if options.after and options.new_example is None:
        parser.error("--after goes with --new-example")
    frame = options.new_event is not None or options.new_example is not None
    try:
        found = schemas(root)
        findings = list(identities(found)) if frame else list(basis(root, found))
    except Unreadable as error:
        findings = [error.finding]
    if findings:
        print(*sorted(findings), "Nothing is written: mend this first.", sep="\n", file=sys.stderr)
        return 1
    if options.new_event is not None:
        return _frame(root, lambda: new_event(root, found, options.new_event))
    if options.new_example is not None:
        return _frame(root, lambda: new_example(root, found, options.new_example, options.after))
    print(f"{root.name}/{FILE}: " + ("written" if write(root, found) else "is as it should be"))
    return 0


def _frame(root: Path, make: Callable[[], NewEvent | NewExample]) -> int:
    try:
        made = make()
    except NotWritten as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{root.name}/{made.file}: written, a frame. A person must still see to:")
    for pointer, what in made.open:
        print(f"  {pointer}\n      {what}")
    if isinstance(made, NewExample):
        for file, number in made.renumbered.items():
            print(f"{root.name}/{file}: comes later in its key, its ce_sequence is {number} now")
        print(f"What is filled in is removed from `{PLACEHOLDERS}` of the file; without any left, remove that too.")
    print("Then run `make schemas` and `make check`.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
