"""What of a module is behaviour: two sources that mean the same differ in nothing that a test could see.

Left out by rule, so that nobody explains it case by case: texts for people (docstrings, log records, messages of
errors), annotations and protocols, assertions (`assert`, `strict=` of zip), what makes it faster, smaller or safer to
handle (caches, slots, frozen classes), and how long something lasts that nobody measures (constants whose name ends
with `_SECONDS`, numbers given as `timeout`).
"""

from __future__ import annotations

import ast

_CACHES = {"lru_cache", "cache"}
_HOW_WELL = {"strict", "slots", "frozen", "maxsize"}


def meaning(source: str) -> str:
    """Equal for sources that behave the same. Raises `SyntaxError`."""
    return ast.dump(_Meaning().visit(ast.parse(source)))


class _Meaning(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        value = node.value
        if isinstance(value, ast.Constant) or _is_log(value):
            return ast.Pass()
        return self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        return ast.Pass()

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return ast.Pass() if any(_name(base) == "Protocol" for base in node.bases) else self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        node.decorator_list = [each for each in node.decorator_list if _name(each) not in _CACHES]
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        node.keywords = [each for each in node.keywords if each.arg not in _HOW_WELL and not _is_time_limit(each)]
        if _name(node.func) == "cast":
            node.args = node.args[1:]
        return self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        if isinstance(node.exc, ast.Call):
            texts = (ast.Constant, ast.JoinedStr)
            node.exc.args = [each for each in node.exc.args if not isinstance(each, texts)]
        return self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        match node.targets:
            case [ast.Name(id=name)] if name.endswith("_SECONDS"):
                return ast.Pass()
            case [ast.Name(id="__slots__")]:
                return ast.Pass()
        return self.generic_visit(node)


def _is_time_limit(keyword: ast.keyword) -> bool:
    return keyword.arg in {"timeout", "command_timeout"} and isinstance(keyword.value, ast.Constant)


def _is_log(value: ast.expr) -> bool:
    function = value.func if isinstance(value, ast.Call) else None
    return isinstance(function, ast.Attribute) and _name(function.value) in {"log", "_log"}


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=function):
            return _name(function)
    return ""
