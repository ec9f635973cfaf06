"""The house: twelve rooms of the chassis, and the same rooms in every service."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from importlib import import_module
from inspect import unwrap
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from chassis.http.parked import router as operations
from chassis.pure.answers import Answer
from chassis.pure.decision import Handler
from tests.support.services import ALL, NAMES, SHARED, routes

SERVICES = Path(__file__).resolve().parents[2] / "services"

CHASSIS = {
    *("audit", "consumer", "http", "kafka", "operators", "outbox", "postgres", "pure", "runtime", "telemetry"),
    *("vault", "work"),
}
HALL = {"clock.py", "service.py", "settings.py", "trouble.py", "unencrypted.py", "waiting.py"}

ROOMS = {
    *("README.md", "app.py", "domain", "commands.py", "events.py", "contracts.py", "answers.py", "bodies.py"),
    *(
        "refusals.py",
        "reference.py",
        "resources.py",
        "retention.py",
        "handlers",
        "api.py",
        "views.py",
        "consumers.py",
        "migrations",
    ),
}
MORE = {
    # when a centre owes what; further routes; what commands answer, and what is shown of a person, beside answers.py
    "counselling": {
        "limits.py",
        "walk_ins.py",
        "intakes.py",
        "passing_on.py",
        "destruction.py",
        "break_glass.py",
        "linking.py",
        "adopting.py",
        "outcomes.py",
        "persons.py",
        "voiding.py",
        "holds.py",
    },
    "placement": {"limits.py", "corrections.py"},  # when an employer owes an answer; the routes of corrections
    "referral": {
        "limits.py",
        "holds.py",
        "switch.py",
        "destruction.py",
        "search.py",
        "adoption.py",
    },  # when a receipt is owed; routes
    "training": {"settings.py"},  # how long before a departure a course must end, how long a waiting list may be
    # a row per record; all events of all services, and views of all; where traces can be looked at; its part of `ph`;
    # what the programme counts, and its routes; what browsers get, and how people sign in to it
    "journey": {
        *("ledger.py", "contracts", "views", "settings.py", "cli.py", "figures", "programme.py"),
        *("pages", "sign_in"),
    },
}
"""Each further room needs a reason, and each of these is there."""
LESS = {"journey": {"commands.py", "bodies.py", "contracts.py", "views.py"}}
"""Nobody commands journey, so there is no body either; and it has folders in place of two files."""


def things(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"__init__.py", "__pycache__"}


def test_the_chassis_has_its_twelve_rooms_and_a_hall() -> None:
    assert things(SERVICES / "chassis") == CHASSIS | HALL | {"README.md"}
    assert all((SERVICES / "chassis" / room / "__init__.py").read_text().strip() for room in CHASSIS)


def test_every_service_is_in_the_local_stack_and_so_in_the_tests() -> None:
    """Whatever runs for all services, tests too, takes their names from `deploy/local/places.py`."""
    assert sorted(path.parent.name for path in SERVICES.glob("*/app.py")) == list(NAMES)
    assert [service.name for service in ALL] == list(NAMES)


@pytest.mark.parametrize("service", NAMES)
def test_who_has_read_one_service_finds_anything_in_the_others(service: str) -> None:
    assert things(SERVICES / service) == (ROOMS | MORE[service]) - LESS.get(service, set())


def pages(service: str, room: str) -> list[str]:
    """The text of a room: of its file, or of every file of its folder."""
    folder = SERVICES / service / room
    files = sorted(folder.glob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]
    return [file.read_text(encoding="utf-8") for file in files]


WITH_A_CLOCK = {
    "chassis/clock.py",
    "chassis/consumer/dispatch.py",  # how old an event is when it has its effect: it was recorded in real time
    "chassis/consumer/positions.py",  # when an event was recorded is real time, whatever the clock of the business says
    "chassis/operators/cli/parked.py",  # what an operator types and reads is of the operator's time
}
ASKS_THE_TIME = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}


def test_nobody_asks_what_time_it_is_but_the_clock() -> None:
    asking = {
        path.relative_to(SERVICES).as_posix()
        for path in SERVICES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name | ast.Attribute)
        and ((node.value.id if isinstance(node.value, ast.Name) else node.value.attr), node.attr) in ASKS_THE_TIME
    }
    assert asking == WITH_A_CLOCK


ASKS_OTHERS = {
    "journey/cli.py",  # a part of `ph`: an operator's own command, with their own token
    "journey/pages/parked_apis.py",  # what a person decides by a page goes to the service, in their name (ADR 21)
    "journey/sign_in/provider.py",  # where people sign in
}


def test_no_service_asks_another_but_in_a_persons_name() -> None:
    asking = {
        path.relative_to(SERVICES).as_posix()
        for service in NAMES
        for path in (SERVICES / service).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        and {getattr(node, "module", None), *(each.name for each in node.names)}
        & {"httpx", "urllib.request", "requests", "aiohttp", "chassis.operators.cli.service_api"}
    }
    assert asking == ASKS_OTHERS


SOURCES = [SERVICES, SERVICES.parent / "deploy", SERVICES.parent / "schemas"]
DAYS_OF_NO_PLACE = {
    "services/chassis/pure/calendar.py",  # where the day of a place is made
    "schemas/checks/new_example.py",  # an example's day; no person's right hangs on it
}


def test_every_day_is_the_day_at_a_place() -> None:
    """The day of an instant differs by place: `WorkingDays.day_at` names the place, an instant's `.date()` does not."""
    found = {
        path.relative_to(SERVICES.parent).as_posix()
        for folder in SOURCES
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args
        if node.func.attr in {"date", "today"}
    }
    assert found == DAYS_OF_NO_PLACE


def test_every_time_zone_comes_from_the_locked_package() -> None:
    """`zoneinfo` itself prefers the files of the system."""
    making = {
        path.relative_to(SERVICES).as_posix()
        for path in SERVICES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ZoneInfo")
        or (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "ZoneInfo")
    }
    assert making == {"chassis/pure/zones.py"}


TABLES = {
    "consumers.py": {"EVENTS": "contracts"},
    "handlers/__init__.py": {"COMMANDS": "commands", "DEADLINES": "deadlines", "MOVES": "deadlines"},
}


ROW = r"(Handler|OfCase|followed|heard)\(|(HEARD|STARTED|STOPPED|HELD|RELEASED)$"


@pytest.mark.parametrize("service", NAMES)
def test_the_tables_of_handlers_are_written_in_one_way(service: str) -> None:
    """Reactions lie in `incoming`, names of deadlines in `deadlines`; a row is `contracts.X: Handler(...)`, or
    `followed(...)` where deadlines follow, or a reaction that services share. What is owed is a row per ladder."""
    assert things(SERVICES / service / "handlers") >= {"incoming.py", "deadlines.py"}
    for file, tables in TABLES.items():
        body = ast.parse((SERVICES / service / file).read_text()).body
        rows = {
            each.target.id: each.value
            for each in body
            if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name) and each.target.id in tables
        }
        assert tables.keys() - rows.keys() <= {"MOVES"}
        for name, table in rows.items():
            if per_ladder(table) or for_every_contract(table):
                continue
            assert isinstance(table, ast.Dict), name
            wrong = [
                ast.unparse(key or value)
                for key, value in zip(table.keys, table.values, strict=True)
                if not (key is None and per_ladder(value))
                and (
                    key is None
                    or not ast.unparse(key).startswith(f"{tables[name]}.")
                    or not re.match(ROW, ast.unparse(value))
                )
            ]
            assert wrong == [], name


def for_every_contract(table: ast.expr) -> bool:
    return ast.unparse(table) == "{each: heard(each) for each in contracts.ALL}"


def per_ladder(table: ast.expr) -> bool:
    return isinstance(table, ast.DictComp) and ast.unparse(table.generators[0].iter).endswith(".LADDERS")


@pytest.mark.parametrize("service", NAMES)
def test_a_list_is_read_for_a_scope_and_by_a_wish_and_its_filters_go_by_name(service: str) -> None:
    lists = [
        each
        for page in pages(service, "views")
        for each in ast.parse(page).body
        if isinstance(each, ast.AsyncFunctionDef) and each.returns is not None and "Page[" in ast.unparse(each.returns)
    ]
    found = {each.name: [arg.arg for arg in each.args.args] for each in lists}
    assert found == {name: ["documents", *([] if name in OF_EVERYBODY else ["scope"]), "wish"] for name in found}
    assert set(found) - OF_EVERYBODY


OF_EVERYBODY = {"countries", "glasses", "sessions"}
"""Lists that are the same for all who may read them."""


@pytest.mark.parametrize("service", NAMES)
def test_whose_a_list_is_and_what_time_it_is_are_asked_in_one_way(service: str) -> None:
    """A route gets both from dependencies: `Listed` of its service, and `Now` of the chassis."""
    assert get_args(import_module(f"{service}.api").Listed)[1].dependency.__name__ == "_listed"
    routes = "".join(path.read_text() for path in (SERVICES / service).glob("*.py"))
    assert re.findall(r"\w+\.clock\b", routes) == []


def handlers() -> Iterator[tuple[str, Handler]]:
    for service in ALL:
        for kind, table in (
            ("command", service.commands),
            ("event", service.consumers),
            ("deadline", service.deadlines),
        ):
            yield from ((kind, handler) for handler in table.values())


def test_every_handler_takes_states_its_message_by_its_own_name_and_the_context() -> None:
    taken = ((kind, unwrap(handler.decide).__code__.co_varnames) for kind, handler in handlers())
    found = {(kind, *[name for name in names[:4] if name != "self"][:3]) for kind, names in taken}
    wrong = {
        each
        for each in found
        if each[1].lstrip("_") != "states" or each[2] != each[0] or each[3] not in {"context", "_context"}
    }
    assert wrong == set()


@pytest.mark.parametrize("service", ALL, ids=lambda service: str(service.name))
def test_every_answer_has_the_one_base(service: Any) -> None:
    """Each route declares a typed answer, and no model of another base is in it."""
    for router in (*service.routers, operations):
        for route in router.routes:
            models = list(shown(route.response_model))
            assert models, route.path
            assert [model.__name__ for model in models if not issubclass(model, Answer)] == [], route.path


def shown(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every model within an annotation, and within those."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from shown(field.annotation)
    for part in get_args(annotation):
        yield from shown(part)


def named(method: str, path: str) -> str:
    """`POST /files/{}/calls`: pages write short names of ids, and parameters of lists."""
    return f"{method} {re.sub(r'{[^}]*}', '{}', path.partition('?')[0])}"


def told(page: str) -> dict[str, set[str]]:
    """The routes of a page's tables and sentences, each with the statuses of success that its row gives."""
    found: dict[str, set[str]] = {}
    for line in page.splitlines():
        for method, path in re.findall(r"`(GET|POST|PUT|DELETE|PATCH) (/[^`]*)`", line):
            found.setdefault(named(method, path), set()).update(re.findall(r"\| (2\d\d)\b", line))
    return found


@pytest.mark.parametrize("service", ALL, ids=lambda service: str(service.name))
def test_every_route_stands_in_the_readme_of_its_service(service: Any) -> None:
    page = (SERVICES / service.name / "README.md").read_text(encoding="utf-8")
    every = {named(method, route.path): str(route.status_code or 200) for method, route in (*routes(service), *SHARED)}
    assert told(page).keys() == every.keys()
    assert {route: status for route, status in told(page).items() if status - {every[route]}} == {}


def test_the_judge_of_pages_reads_the_status_of_a_row() -> None:
    page = "| `POST /files/{id}/calls` | staff | 201, at once |\n| `GET /files?open=` | staff | up to 250 |\n"
    assert told(page) == {"POST /files/{}/calls": {"201"}, "GET /files": set()}


@pytest.mark.parametrize("service", ALL, ids=lambda service: str(service.name))
def test_every_command_has_a_handler(service: Any) -> None:
    if "commands.py" in LESS.get(service.name, ()):
        assert service.commands == {}
        return
    module = import_module(f"{service.name}.commands")
    written = [each for each in vars(module).values() if is_dataclass(each) and each.__module__ == module.__name__]
    bases = {base for each in written for base in each.__mro__[1:]}
    parts = {word for each in written for field in fields(each) for word in re.findall(r"\w+", str(field.type))}
    assert {each for each in written if each not in bases and each.__name__ not in parts} == set(service.commands)


@pytest.mark.parametrize("service", ALL, ids=lambda service: str(service.name))
def test_an_id_says_of_what_it_is(service: Any) -> None:
    """Who reads an answer apart from its request still knows which id is which."""
    routes = [route for router in (*service.routers, operations) for route in router.routes]
    models = {model for route in routes for model in shown(route.response_model)}
    assert len(models) > 3
    assert [model.__name__ for model in models if "id" in model.model_fields] == []
