"""`make manifests` writes what follows from `schemas/topics.yaml` below `deploy/k8s/`; `--check` compares.

Exit code: 0 written or as it should be, 1 something differs or cannot be read, 2 wrong use.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from chassis.kafka.topics import DECLARATION
from chassis.trouble import Trouble
from deploy.local.places import ROOT
from deploy.manifests.files import differences, write
from deploy.manifests.platform import files
from deploy.manifests.restored import components

K8S = ROOT / "deploy" / "k8s"
PARTS = {"platform": files, "components/restored-database": components}
"""The folders that it writes, and what lies in each."""
REMEDY = "Run `make manifests`: it writes them. What they say is edited in schemas/topics.yaml or deploy/manifests/."


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit code."""
    parser = argparse.ArgumentParser(prog="make manifests", description="Manifests that follow from topics.yaml.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is not as it should be")
    parser.add_argument("--directory", type=Path, default=K8S, help="where they lie")
    parser.add_argument("--declaration", type=Path, default=DECLARATION, help="topics.yaml")
    options = parser.parse_args(arguments)
    try:
        wanted = {folder: of(options.declaration) for folder, of in PARTS.items()}
    except Trouble as error:
        print(error, file=sys.stderr)
        return 1
    found = [
        f"{folder}/{line}"
        for folder, texts in wanted.items()
        for line in differences(options.directory / folder, texts)
    ]
    count = sum(map(len, wanted.values()))
    if options.check:
        if found:
            print(*found, REMEDY, sep="\n", file=sys.stderr)
        else:
            print(f"{count} manifests of topics.yaml: in order")
        return 1 if found else 0
    for folder, texts in wanted.items():
        write(options.directory / folder, texts)
    print(f"{count} manifests of topics.yaml: {len(found) or 'none'} of them changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
