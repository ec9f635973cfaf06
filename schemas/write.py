"""Writes what follows from the contract: `make schemas` writes asyncapi.yaml, `make example` a new example's frame.

Exit code: 0 written or as it should be, 1 refused, 2 wrong use.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from checks.asyncapi import FILE, basis, write
from checks.findings import Unreadable
from checks.inventory import identities, schemas
from checks.new_example import NotWritten, new_example


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
    options = parser.parse_args(arguments)
    root = options.directory.resolve()
    try:
        found = schemas(root)
        findings = list(identities(found)) if options.new_example is not None else list(basis(root, found))
    except Unreadable as error:
        findings = [error.finding]
    if findings:
        print(*sorted(findings), "Nothing is written: mend this first.", sep="\n", file=sys.stderr)
        return 1
    if options.new_example is None:
        print(f"{root.name}/{FILE}: " + ("written" if write(root, found) else "is as it should be"))
        return 0
    return _new_example(root, found, options.new_example)


def _new_example(root: Path, found: Mapping[str, Mapping[str, Any]], event: str) -> int:
    try:
        made = new_example(root, found, event)
    except NotWritten as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{root.name}/{made.file}: written, a frame. A person must still see to:")
    for pointer, what in made.open:
        print(f"  {pointer}\n      {what}")
    print("Then run `make check`.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
