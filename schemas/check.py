"""Checks the contract: run as `python schemas/check.py` from the root, and by `make check`.

Compares the working schemas with every frozen release, looks for places where personal data could travel,
and holds schemas, examples, topics, code lists and asyncapi.yaml together. `--freeze X.Y.Z` makes a release of what
passes. `schemas/write.py` writes what this finds missing or out of date.
Exit code: 0 in order, 1 findings or no release, 2 wrong use.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from checks.asyncapi import basis, drift, write
from checks.compatibility import unknown_keywords
from checks.examples import examples
from checks.findings import Finding, Unreadable
from checks.inventory import code_lists, nested_titles, schemas
from checks.personal_data import lint
from checks.releases import NotFrozen, compatible, freeze, releases, unchanged


def check(root: Path) -> list[Finding]:
    """Everything that is wrong below `root`, in order of file."""
    return sorted(set(_findings(root)))


def _findings(root: Path) -> Iterator[Finding]:
    try:
        found = schemas(root)
        if not found:
            yield Finding(".", "", "there are no schemas here", "Name the folder of the contract.")
        for file, schema in found.items():
            yield from unknown_keywords(file, schema)
            yield from lint(file, schema)
        ground = list(basis(root, found))
        yield from ground
        yield from nested_titles(found)
        yield from code_lists(root, found)
        told = list(examples(root, found))
        yield from told
        if not ground and not told:
            yield from drift(root, found)
    except Unreadable as error:
        yield error.finding
    yield from unchanged(root)
    yield from compatible(root)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit code."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(prog="schemas/check.py", description="Checks the contract of events.")
    parser.add_argument("--directory", type=Path, default=here, help="folder to check")
    parser.add_argument("--freeze", metavar="X.Y.Z", help="copy what passes to released/X.Y.Z")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    options = parser.parse_args(arguments)
    root = options.directory.resolve()
    findings = check(root)
    if options.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    elif findings:
        print(*findings, sep="\n", file=sys.stderr)
        print(f"{len(findings)} findings in {root.name}/", file=sys.stderr)
    if findings:
        return 1
    if options.freeze:
        try:
            print(f"frozen: {freeze(root, options.freeze).relative_to(root.parent)}")
            write(root, schemas(root))  # its info.version is the newest release
        except NotFrozen as error:
            print(error, file=sys.stderr)
            return 1
    elif not options.json:
        events = sum(1 for _ in root.glob("events/*/*.json"))
        messages = sum(1 for _ in root.glob("examples/*/*.json"))
        frozen = ", ".join(releases(root)) or "none"
        print(f"{events} events, {messages} examples, releases {frozen}: in order")
    return 0


if __name__ == "__main__":
    sys.exit(main())
