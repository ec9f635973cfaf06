"""A copy of the tree, in which one module at a time is wrong: the tree itself stays as it is."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.places import LOCAL, ROOT
from mutants.targets import FOLDER

TREE = FOLDER / "tree"


def copied() -> None:
    """Copies what git knows or would take."""
    asking = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(asking, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    shutil.rmtree(TREE, ignore_errors=True)
    for name in filter(None, listed.split("\0")):
        if (source := ROOT / name).is_file():
            (TREE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, TREE / name)
    (TREE / ".local").symlink_to(LOCAL)


@contextmanager
def planted(path: str, source: str) -> Iterator[None]:
    """The file has this text for the length of a block. Nobody runs bytecode of another text with the same age."""
    place = TREE / path
    before = place.read_text()
    try:
        _write(place, source)
        yield
    finally:
        _write(place, before)


def _write(place: Path, source: str) -> None:
    for compiled in (place.parent / "__pycache__").glob(f"{place.stem}.*"):
        compiled.unlink()
    place.write_text(source)
