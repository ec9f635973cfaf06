"""Copies of the contract, to be edited."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.contract.catalogue import SCHEMAS


def copied(root: Path, *without: str) -> Path:
    """A copy of the contract at `root`, without its programs and the parts named.

    By `cp`: hundreds of tests begin with one, and Python copies so many small files several times as slowly.
    """
    root.mkdir()
    left_out = {"__pycache__", "checks", *without}
    subprocess.run(["cp", "-R", *(each for each in SCHEMAS.iterdir() if each.name not in left_out), root], check=True)
    return root
