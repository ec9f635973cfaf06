"""Writes what follows from the contract: `make schemas` writes asyncapi.yaml.

Exit code: 0 written or as it should be, 1 refused, 2 wrong use.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from checks.asyncapi import FILE, basis, write
from checks.findings import Unreadable
from checks.inventory import schemas


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit code."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(prog="schemas/write.py", description="Writes what follows from the contract.")
    parser.add_argument("--directory", type=Path, default=here, help="folder of the contract")
    options = parser.parse_args(arguments)
    root = options.directory.resolve()
    try:
        found = schemas(root)
        findings = list(basis(root, found))
    except Unreadable as error:
        findings = [error.finding]
    if findings:
        print(*sorted(findings), "Nothing is written: mend this first.", sep="\n", file=sys.stderr)
        return 1
    print(f"{root.name}/{FILE}: " + ("written" if write(root, found) else "is as it should be"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
