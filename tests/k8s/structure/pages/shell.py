"""The commands that a page tells people to type, with its variables and placeholders filled in.

It reads what the pages use of a shell and no more: assignments, `for ... in ...; do`, pipes, comments, quotes.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`]+)`")
SHELLS = ("", "bash", "sh")
"""Languages of blocks that are typed; the others are SQL and files."""
KEYWORDS = ("do", "done", "then", "fi", "{", "}", "!", "local", "export")
VARIABLE = re.compile(r"\$\{?(\w+)\}?")
PLACEHOLDER = re.compile(r"<([a-z]+)>")
PUNCTUATION = "();<>|&"

Values = Mapping[str, Sequence[str]]


@dataclass(frozen=True, order=True)
class Typed:
    """One command. `pipeline`: the line that it stands in, which is the same for all that a pipe joins."""

    page: str
    pipeline: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(self.words)


def typed(page: str, text: str, placeholders: Values) -> Iterator[Typed]:
    """Every command of a page's blocks, and of its spans that have one of kubectl.

    `placeholders`: what `<service>` and the like stand for. A command is there once for each value.
    """
    values = dict(placeholders)
    for language, code in FENCED.findall(text):
        if language in SHELLS:
            yield from _commands(page, code, values)
    for span in SPAN.findall(FENCED.sub("", text)):
        if "kubectl " in span:
            yield from _commands(page, " ".join(span.split()), values)


def _commands(page: str, code: str, values: dict[str, Sequence[str]]) -> Iterator[Typed]:
    """`values` learns what the code assigns, which holds for the rest of the page."""
    for line in _lines(code):
        for words in _split(PLACEHOLDER.sub(r"${\1}", line)):
            if words[0] == "for":
                values[words[1]] = words[3:]
            elif rest := _assigned(words, values):
                yield from (Typed(page, line.strip(), filled) for filled in _filled(rest, values))


def _assigned(words: Sequence[str], values: dict[str, Sequence[str]]) -> Sequence[str]:
    """Learns the assignments at the beginning; what is left is a command."""
    for number, word in enumerate(words):
        if (found := re.fullmatch(r"(\w+)=(.*)", word)) is None:
            return words[number:]
        values[found[1]] = [value for (value,) in _filled([found[2]], values)]
    return ()


def _lines(code: str) -> Iterator[str]:
    """What is one line to the shell: `\\` and `|` at the end go on."""
    joined = re.sub(r"\\\n\s*", " ", code)
    yield from re.sub(r"\|\n\s*", "| ", joined).splitlines()


def _split(line: str) -> Iterator[list[str]]:
    reader = shlex.shlex(line, posix=True, punctuation_chars=PUNCTUATION)
    reader.whitespace_split = True
    words: list[str] = []
    for word in [*reader, ";"]:
        if word and not word.strip(PUNCTUATION):
            if words:
                yield words
            words = []
        elif words or word not in KEYWORDS:
            words.append(word)


def _filled(words: Sequence[str], values: Values) -> Iterator[tuple[str, ...]]:
    """The words for every combination of values. A variable that the page gives no value stays as it is."""
    names = sorted({name for word in words for name in VARIABLE.findall(word) if name in values})
    for chosen in product(*(values[name] for name in names)):
        yield tuple(_replaced(word, dict(zip(names, chosen, strict=True))) for word in words)


def _replaced(word: str, given: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda found: given.get(found[1], found[0]), word)
