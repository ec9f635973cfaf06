"""Which functions of a module a line matters to."""

from __future__ import annotations

import ast


class Functions:
    """The functions of a module, a method by its name with that of its class; what lies inside of one belongs to it."""

    def __init__(self, source: str) -> None:
        tree = ast.parse(source)
        self._owners: dict[int, str] = {}
        self._enter(tree, "")
        self._names = {
            line: target.id
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(target := node.targets[0], ast.Name)
            for line in _lines(node)
        }
        self._users = self._users_of_names(tree)

    def at(self, line: int) -> str:
        """The function that the line belongs to; empty for a line of the module or of a class."""
        return self._owners.get(line, "")

    def reached_from(self, line: int) -> set[str]:
        """Its function; for a constant those that read it, directly or through another; for the rest all there are."""
        if owner := self.at(line):
            return {owner}
        return self._users.get(self._names.get(line, ""), set()) or set(self._owners.values())

    def _enter(self, node: ast.AST, within: str) -> None:
        for child in ast.iter_child_nodes(node):
            match child:
                case ast.ClassDef(name=name):
                    self._enter(child, f"{within}{name}.")
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    self._owners |= dict.fromkeys(_lines(child), f"{within}{name}")
                case ast.stmt():
                    self._enter(child, within)

    def _users_of_names(self, tree: ast.Module) -> dict[str, set[str]]:
        users: dict[str, set[str]] = {}
        through: dict[str, set[str]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                if owner := self.at(node.lineno):
                    users.setdefault(node.id, set()).add(owner)
                elif name := self._names.get(node.lineno):
                    through.setdefault(node.id, set()).add(name)
        for _ in through:  # as many steps as there can be
            for name, others in through.items():
                users.setdefault(name, set()).update(*(users.get(other, set()) for other in others))
        return users


def _lines(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)
