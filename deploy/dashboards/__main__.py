"""Writes the dashboards, or tells which of them differ from what is described."""

from __future__ import annotations

import argparse
import json
import sys

from deploy.dashboards.boards import all_boards
from deploy.local.places import ROOT

FOLDER = ROOT / "deploy" / "k8s" / "base" / "common" / "monitoring" / "dashboards"


def documents() -> dict[str, str]:
    """The text of each file, by its name."""
    return {
        f"{name}.json": json.dumps(board.as_grafana(), indent=1, ensure_ascii=False) + "\n"
        for name, board in all_boards().items()
    }


def differing() -> list[str]:
    """Files that are not as described, lack, or are described no more."""
    described = documents()
    found = {file.name: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.json")}
    return sorted(name for name in described.keys() | found.keys() if described.get(name) != found.get(name))


def main() -> int:
    """The command. Returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.dashboards", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit code 1 if a file differs")
    if parser.parse_args().check:
        for name in (wrong := differing()):
            sys.stderr.write(f"{name} is not as deploy/dashboards describes it: run python -m deploy.dashboards\n")
        return bool(wrong)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
