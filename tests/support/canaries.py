"""A person who does not exist, and the search for traces of her in all that the chain leaves behind."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from urllib.parse import quote, quote_plus


@dataclass(frozen=True)
class Canary:
    """A value that stands nowhere else in the world."""

    name: str
    text: str

    def forms(self) -> set[bytes]:
        """The ways in which it could be written down, in small letters where they do not matter."""
        plain = {self.text, json.dumps(self.text)[1:-1], quote(self.text), quote_plus(self.text), repr(self.text)[1:-1]}
        words = {word for word in self.text.split() if len(word) > 5}
        return {each.lower().encode() for each in plain | words}

    def in_base64(self) -> set[bytes]:
        """The inner part of its base64, for each of the three places that it may begin at."""
        found = set()
        for shift in range(3):
            coded = base64.b64encode(b"\x00" * shift + self.text.encode())
            found.add(coded[4 if shift else 0 : -4])
        return found


def traces(canaries: list[Canary], data: bytes | str) -> list[str]:
    """The names of those that stand in the data, in whatever form."""
    raw = data.encode() if isinstance(data, str) else data
    lowered = raw.lower()
    return [
        canary.name
        for canary in canaries
        if any(form in lowered for form in canary.forms()) or any(form in raw for form in canary.in_base64())
    ]
