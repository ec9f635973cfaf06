"""The mutants of a module: cosmic-ray's and our own, without those that mean the same as the module."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from mutants.meaning import meaning
from mutants.own import changes

_SELECTED = re.compile(
    r"core/(ReplaceComparisonOperator_(Eq_NotEq|NotEq_Eq|Lt_LtE|LtE_Lt|Gt_GtE|GtE_Gt|Is_IsNot|IsNot_Is)"
    r"|ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_Add|Div_Mul|FloorDiv_Mul|Mod_Mul|BitAnd_BitOr|BitOr_BitAnd"
    r"|BitXor_BitAnd|LShift_RShift|RShift_LShift|Pow_Mul)"
    r"|ReplaceUnaryOperator_(Delete_Not|USub_UAdd|Delete_Invert)"
    r"|AddNot|ReplaceTrueWithFalse|ReplaceFalseWithTrue|ReplaceAndWithOr|ReplaceOrWithAnd|ReplaceBreakWithContinue"
    r"|ReplaceContinueWithBreak|NumberReplacer|RemoveDecorator|ZeroIterationForLoop)"
)
"""Of a comparison its bound and its opposite, of an operation one other: who misses these misses the others too, and
each costs a run of tests."""


@dataclass(frozen=True)
class Mutant:
    """A module with one mistake."""

    module: str
    operator: str
    line: int
    was: str
    becomes: str
    """The lines that differ, without indentation."""
    source: str
    nth: int = 1
    """Of those with the same name."""

    @property
    def name(self) -> str:
        """By which a reason finds it, wherever in the module it stands."""
        return f"{self.operator}: {self.was} => {self.becomes}"


def mutants(module: str, source: str) -> list[Mutant]:
    """All of them, in order of lines; each differs in meaning from the module and from the others."""
    source.encode("ascii")  # positions are counted in bytes
    seen, found = {meaning(source)}, []
    names: Counter[str] = Counter()
    for operator, changed in _all(source):
        try:
            means = meaning(changed)
        except SyntaxError:
            continue
        if means not in seen:
            seen.add(means)
            mutant = Mutant(module, operator, *_difference(source, changed), changed)
            names[mutant.name] += 1
            found.append(replace(mutant, nth=names[mutant.name]))
    return sorted(found, key=lambda each: each.line)


def _all(source: str) -> Iterator[tuple[str, str]]:
    for operator, begin, end, instead in changes(source):
        yield operator, source[:begin] + instead + source[end:]
    yield from _by_cosmic_ray(source)


def _by_cosmic_ray(source: str) -> Iterator[tuple[str, str]]:
    from cosmic_ray.ast import ast_nodes, get_ast  # made ready by `packages`
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator, operator_names

    nodes = list(ast_nodes(get_ast(source)))
    for name in filter(_SELECTED.fullmatch, operator_names()):
        operator = get_operator(name)()
        places = sum(1 for node in nodes for _ in operator.mutation_positions(node))
        for occurrence in range(places):
            changed = mutate_code(source, operator, occurrence)
            if changed is not None:
                yield name.removeprefix("core/"), changed


def _difference(source: str, changed: str) -> tuple[int, str, str]:
    """The first line that differs, and the lines that differ before and after."""
    was, becomes = source.splitlines(), changed.splitlines()
    begin = next((at for at, pair in enumerate(zip(was, becomes, strict=False)) if pair[0] != pair[1]), 0)
    end = 0
    while end < min(len(was), len(becomes)) - begin and was[-1 - end] == becomes[-1 - end]:
        end += 1

    def shown(lines: list[str]) -> str:
        return " ".join(line.strip() for line in lines[begin : len(lines) - end])

    return begin + 1, shown(was), shown(becomes)
