"""What the Dockerfile puts into the images, assembled by its own script, once per state of the source."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

from deploy.image.findings import size
from deploy.local.places import LOCAL, ROOT
from tests.k8s.figures import tell
from tests.k8s.runner.images import Image, described

FOLDER = LOCAL / "k8s" / "image"
_KEPT = 4
_SOURCES = ("services", "schemas/reference", "schemas/topics.yaml", "deploy/image", "requirements")


def images() -> dict[str, Image]:
    """By the names that the manifests use."""
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    return {
        "perspektive-heimat": described(dockerfile, {"/app": _assembled(operators=False)}),
        "perspektive-heimat-operators": described(dockerfile, {"/app": _assembled(operators=True)}),
    }


def with_migration(image: Image, folder: Path, service: str) -> Image:
    """A later release of the services: one migration more, in `folder`. What is equal are links to the same files."""
    shutil.copytree(image.content["/app"], folder, symlinks=True, copy_function=os.link, dirs_exist_ok=True)
    place = folder / "services" / service / "migrations"
    number = len(list(place.glob("*.sql"))) + 1
    (place / f"{number:04}_the_next_release.sql").write_text("create table the_next_release (id bigint primary key);\n")
    return replace(image, content={"/app": folder})


@cache
def _assembled(*, operators: bool) -> Path:
    FOLDER.mkdir(parents=True, exist_ok=True)
    name = ("operators-" if operators else "service-") + _state()
    folder = FOLDER / name
    with (FOLDER / "lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not folder.exists():
            draft = FOLDER / f"{name}.draft"
            shutil.rmtree(draft, ignore_errors=True)
            command = [sys._base_executable, "-m", "deploy.image", "--into", str(draft)]  # type: ignore[attr-defined]
            subprocess.run([*command, *(["--operators"] if operators else [])], check=True, cwd=ROOT)
            draft.replace(folder)
        _forget_old(name.partition("-")[0])
    tell(f"image of {'operators' if operators else 'services'}: {size(folder) / 1_000_000:.0f} MB without the base")
    return folder


def _forget_old(kind: str) -> None:
    made = sorted(FOLDER.glob(f"{kind}-*"), key=lambda path: path.stat().st_mtime)
    for folder in made[:-_KEPT]:
        shutil.rmtree(folder, ignore_errors=True)


def _state() -> str:
    """A hash of all that goes into it."""
    found = hashlib.sha256(sys.version.encode())
    for source in _SOURCES:
        path = ROOT / source
        files = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())
        for file in files:
            if file.suffix != ".pyc":
                found.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()[:16]
