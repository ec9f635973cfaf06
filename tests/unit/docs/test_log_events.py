"""The registry of telemetry has every log event of the services and the chassis, and none that nobody logs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from tests.unit.docs.test_log_fields import ROOT, SUBJECT, fields_of_the_page, rows_of_the_page

LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log"})
OTHERS = frozenset(
    {
        *(
            ("services/chassis/telemetry/logs.py", use)
            for use in ("structlog.get_logger().log", "logging.getLogger().setLevel", "logging.getLogger().propagate")
        ),
        *(("services/chassis/telemetry/logs.py", f"root.{name}") for name in ("handlers", "setLevel", "manager")),
        *(("services/chassis/telemetry/logs.py", use) for use in ("logger", "logger.handlers", "logger.propagate")),
        *(
            ("services/chassis/kafka/clients.py", f"logger.{name}")
            for name in ("propagate", "addHandler", "removeHandler")
        ),
    }
)
"""Uses that log nothing of ours: `get_logger` itself, and where the lines of libraries go."""


class Line(NamedTuple):
    """A call that logs. `fields`: those that are named. `more`: others come from a mapping or an exception."""

    event: str
    fields: frozenset[str]
    more: bool


class Module:
    """What a module logs, and where it uses a logger in a way of which nobody can say what it logs."""

    def __init__(self, name: str, source: str) -> None:
        self.name = name
        self._tree = ast.parse(source)
        self._parents = {child: node for node in ast.walk(self._tree) for child in ast.iter_child_nodes(node)}
        self.lines: list[Line] = []
        self.unclear: list[str] = []
        loggers = {target for node in ast.walk(self._tree) if _makes_logger(node) for target in self._targets(node)}
        for node in ast.walk(self._tree):
            is_name = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in loggers
            if is_name or (_makes_logger(node) and not self._targets(node)):
                self._use(node)

    def _targets(self, node: ast.AST) -> list[str]:
        """The names that a new logger is given."""
        parent = self._parents.get(node)
        if isinstance(parent, ast.AnnAssign):
            return [ast.unparse(parent.target)]
        return [ast.unparse(each) for each in parent.targets] if isinstance(parent, ast.Assign) else []

    def _use(self, node: ast.AST) -> None:
        attribute = self._parents.get(node)
        call = self._parents.get(attribute) if attribute is not None else None
        if isinstance(attribute, ast.Attribute) and attribute.attr in LEVELS and isinstance(call, ast.Call):
            events = list(self._events(call))
            if events:
                named = frozenset(each.arg for each in call.keywords if each.arg not in (None, "exc_info", "module"))
                more = any(each.arg in (None, "exc_info") for each in call.keywords)
                self.lines += [Line(event, frozenset(filter(None, named)), more) for event in events]
                return
        bare = re.sub(r"\([^)]*\)", "()", ast.unparse(node))
        used = f"{bare}.{attribute.attr}" if isinstance(attribute, ast.Attribute) else bare
        if (self.name, used) not in OTHERS:
            self.unclear.append(f"{self.name}:{getattr(node, 'lineno', 0)}: {used}")

    def _events(self, call: ast.Call) -> Iterator[str]:
        """The event if it is a constant; all that it may be if it is a parameter with a type that lists them."""
        first = call.args[0] if call.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value
        elif isinstance(first, ast.Name):
            function: ast.AST | None = call
            while function is not None and not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                function = self._parents.get(function)
            parameters = function.args.args if function is not None else []
            for parameter in parameters:
                if parameter.arg == first.id and parameter.annotation is not None:
                    yield from self._listed(parameter.annotation)

    def _listed(self, annotation: ast.expr) -> Iterator[str]:
        if isinstance(annotation, ast.Name):
            for node in self._tree.body:
                if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == annotation.id and node.value:
                    yield from self._listed(node.value)
        elif isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "Literal":
            yield from (str(each.value) for each in ast.walk(annotation.slice) if isinstance(each, ast.Constant))


def _makes_logger(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and re.fullmatch(r"(\w+\.)*(get_?[lL]ogger)", ast.unparse(node.func)) is not None


@cache
def modules() -> tuple[Module, ...]:
    """Of every service and the chassis, those that have a logger: none comes without its word."""
    sources = {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "services").rglob("*.py"))}
    return tuple(
        Module(str(path.relative_to(ROOT)), source)
        for path, source in sources.items()
        if "logger" in source.lower() or re.search(r"\blog\b", source)
    )


def test_every_use_of_a_logger_says_which_event_it_logs() -> None:
    assert [each for module in modules() for each in module.unclear] == []


def test_a_logger_that_is_passed_on_or_logs_what_nobody_lists_is_seen() -> None:
    def unclear(source: str) -> int:
        return len(Module("here", f"log = get_logger(__name__)\n{source}").unclear)

    assert unclear("log.info('an_event')") == 0
    assert unclear("def tell(event: Literal['one', 'two']): log.info(event)") == 0
    for source in ("log.info(f'{x}')", "def tell(event: str): log.info(event)", "tell(log)", "tell = log.warning"):
        assert unclear(source) == 1, source
    assert len(Module("here", "structlog.get_logger().bind(a=1).info('an_event')").unclear) == 1


def test_the_registry_has_every_log_event_and_no_other() -> None:
    logged = {line.event for module in modules() for line in module.lines}
    assert {"http_request", "uncaught", "parked_retried", "profile_read"} <= logged
    assert logged == fields_of_the_page().keys()


def test_the_registry_has_every_field_that_an_event_names_and_no_field_that_nobody_can_log() -> None:
    lines = [line for module in modules() for line in module.lines]
    wrong = []
    for events, told in rows_of_the_page():
        ours = [line for line in lines if line.event in events]
        named = {SUBJECT if name == "subject_id" else name for line in ours for name in line.fields}
        more = any(line.more for line in ours)
        if named - told or (told - named and not more):
            wrong.append((events, sorted(named - told), [] if more else sorted(told - named)))
    assert wrong == [], "events, fields that the registry lacks, and fields that nobody logs"
