"""A command of kubectl, read: what it does to which objects, in which namespace, container, file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from tests.k8s.structure.pages.shell import Typed

WITH_VALUE = {
    "-n": "namespace",
    "-c": "container",
    "-l": "selector",
    "-f": "filename",
    "-k": "kustomize",
    "-o": "output",
}
"""Short options that take a value, by their long names."""
LONG = ("namespace", "container", "selector", "filename", "kustomize", "output", "replicas", "tail", "timeout")
VERBS = (
    *("annotate", "apply", "cp", "create", "delete", "describe", "diff", "exec", "get", "kustomize", "label", "logs"),
    *("patch", "port-forward", "replace", "rollout", "scale", "wait"),
)
"""What kubectl itself has, of what the pages use. Anything else is a plugin, which must be installed."""
OF_PODS = ("exec", "logs", "port-forward")
"""Their object is a pod where no kind is named."""

Named = tuple[str, str | None]
"""Kind as it is written, and name; without a name it is about all of the kind."""


@dataclass(frozen=True)
class Command:
    """One command. Of a plugin the object is a Cluster: `cnpg` is the only one that the pages use."""

    typed: Typed
    verb: str
    objects: tuple[Named, ...]
    changes: tuple[str, ...]
    options: dict[str, str]
    inner: tuple[str, ...]

    @property
    def namespace(self) -> str | None:
        return self.options.get("namespace")

    @property
    def container(self) -> str | None:
        return self.options.get("container")

    @cached_property
    def selector(self) -> dict[str, str]:
        """The labels that `-l` asks for, of the form `key=value`."""
        pairs = (each.partition("=") for each in self.options.get("selector", "").split(",") if each)
        return {key: value for key, _, value in pairs}

    @property
    def plugin(self) -> bool:
        return self.verb not in VERBS


def read(typed: Typed) -> Command | None:
    """None if it is no command of kubectl's, or names it and nothing to do."""
    if typed.words[0] != "kubectl" or len(typed.words) == 1:
        return None
    outer, inner = typed.words[1:], ()
    if "--" in outer:
        at = outer.index("--")
        outer, inner = outer[:at], outer[at + 1 :]
    positional, options = _sorted(outer)
    verb, *rest = positional or [""]
    if verb == "rollout":
        rest = rest[1:]
    elif (verb, *rest[:1]) == ("create", "secret"):
        rest = ["secret", *rest[2:]]
    elif verb == "kustomize":
        options["kustomize"], rest = (rest or [""])[0], []
    elif verb not in VERBS:
        rest = [f"cluster/{each}" for each in rest[1:2]]  # then what of it
    names = [each for each in rest if not _changes(verb, each)]
    changes = tuple(each for each in rest if _changes(verb, each))
    return Command(typed, verb, tuple(_objects(verb, names)), changes, options, inner)


def _sorted(words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Positional words, and options by their long names."""
    positional: list[str] = []
    options: dict[str, str] = {}
    waiting = iter(words)
    for word in waiting:
        if not word.startswith("-") or word == "-":
            positional.append(word)
            continue
        name, equals, value = word.partition("=")
        name = WITH_VALUE.get(name, name.removeprefix("--"))
        takes = name in LONG and not equals
        options[name] = next(waiting, "") if takes else value
    return positional, options


def _changes(verb: str, word: str) -> bool:
    """Whether a word says what to write, or which port, and names no object."""
    if verb in {"annotate", "label"}:
        return "=" in word or word.endswith("-")
    return verb == "port-forward" and word.replace(":", "").isdigit()


def _objects(verb: str, names: Sequence[str]) -> Iterator[Named]:
    """`kind/name`, `kind name name`, `kind,kind`; a lone name of a pod."""
    if any("/" in each for each in names):
        for each in names:
            kind, _, name = each.partition("/")
            yield kind, name
    elif verb in OF_PODS:
        for each in names[:1]:
            yield "pod", each
    elif names:
        for kind in names[0].split(","):
            if not names[1:]:
                yield kind, None
            for name in names[1:]:
                yield kind, name
