"""The survivors that somebody has explained: `explained.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import NamedTuple

from mutants.making import Mutant

_FILE = Path(__file__).with_name("explained.toml")


class Named(NamedTuple):
    """What identifies a mutant, wherever in its module it stands."""

    module: str
    operator: str
    was: str
    becomes: str


def named(mutant: Mutant) -> Named:
    """The name by which a reason is found."""
    return Named(mutant.module, mutant.operator, mutant.was, mutant.becomes)


def reasons(text: str | None = None) -> dict[Named, str]:
    """Each explained survivor with its reason. Raises `ValueError` for one without, or explained twice."""
    found: dict[Named, str] = {}
    for each in tomllib.loads(_FILE.read_text() if text is None else text).get("survivor", ()):
        name = Named(each["module"], each["operator"], each["was"], each["becomes"])
        if name in found or not each["reason"].strip():
            raise ValueError(f"explained twice, or without a reason: {name}")
        found[name] = each["reason"]
    return found


def written(mutant: Mutant) -> str:
    """An entry for the file, with the reason still to be given."""
    lines = [f"{key} = {_quoted(value)}" for key, value in named(mutant)._asdict().items()]
    return "\n".join(["[[survivor]]", *lines, 'reason = ""'])


def _quoted(text: str) -> str:
    return f"'{text}'" if "'" not in text else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
