"""Exceptions in logs: told by type, place and codes, never by their text, whoever logs them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest
from pydantic import BaseModel, ConfigDict, TypeAdapter

from chassis.telemetry import logs
from tests.support.loglines import CANARY, configured, restore_logging

__all__ = ["restore_logging"]
LOG = logs.get_logger("notes.handlers")


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: int
    deep: dict[str, int] = {}


def unique_violation() -> Exception:
    error: Any = asyncpg.UniqueViolationError(f'duplicate key value violates unique constraint "person_name" {CANARY}')
    error.detail = f"Key (name)=({CANARY}) already exists."
    error.constraint_name = "person_name"
    error.table_name = "person"
    assert isinstance(error, Exception)
    return error


def validation_error() -> Exception:
    try:
        Form.model_validate({"name": CANARY, CANARY: 1, "deep": {CANARY: CANARY}})
    except ValueError as error:
        return error
    raise AssertionError


def chained() -> Exception:
    try:
        try:
            raise KeyError(CANARY)
        except KeyError as inner:
            raise RuntimeError(CANARY) from inner
    except RuntimeError as error:
        return error


FAULTS: dict[str, Callable[[], Exception]] = {
    "asyncpg": unique_violation,
    "pydantic": validation_error,
    "KeyError": lambda: KeyError(CANARY),
    "OSError": lambda: FileNotFoundError(2, CANARY, CANARY),
    "chained": chained,
    "group": lambda: ExceptionGroup(CANARY, [KeyError(CANARY), ValueError(CANARY)]),
    "decode": lambda: UnicodeDecodeError("utf-8", CANARY.encode(), 0, 1, CANARY),
}


def logged(fault: Callable[[], Exception]) -> dict[str, Any]:
    lines = configured()
    try:
        raise fault()
    except Exception:
        LOG.exception("failed")
    [line] = lines()
    return line


@pytest.mark.parametrize("name", FAULTS)
def test_an_exception_is_told_by_type_and_place_never_by_its_text(name: str) -> None:
    line = logged(FAULTS[name])
    assert line["event"] == "failed"
    assert any(frame.startswith("chassis/telemetry/test_scrub.py:") for frame in line["frames"])
    assert line["error"].split(".")[-1] == type(FAULTS[name]()).__name__


@pytest.mark.parametrize("name", FAULTS)
def test_an_exception_that_a_library_logs_is_told_the_same_way(name: str) -> None:
    lines = configured()
    try:
        error = FAULTS[name]()
        raise error
    except Exception as error:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
        logging.getLogger("faststream").error(f"{type(error).__name__}: {error}", exc_info=error)
        logging.getLogger("aiokafka.consumer").error("Failed: %r", error)
        logging.getLogger("unheard.of").exception("Failed on %s", error)
    assert len(lines()) == 4


def test_what_helps_to_find_the_fault_is_told() -> None:
    line = logged(unique_violation)
    assert line["error"] == "asyncpg.exceptions.UniqueViolationError"
    assert (line["sqlstate"], line["constraint"], line["table"]) == ("23505", "person_name", "person")
    assert logged(validation_error)["errors"] == ["int_parsing name", "int_parsing deep", "extra_forbidden"]
    assert logged(chained)["caused_by"] == ["KeyError"]
    assert logged(FAULTS["OSError"])["errno"] == 2
    assert logged(FAULTS["group"])["errors"] == ["KeyError", "ValueError"]


def test_an_exception_may_be_given_as_such_or_as_a_triple() -> None:
    lines = configured()
    error = KeyError(CANARY)
    LOG.error("given", exc_info=error)
    LOG.error("triple", exc_info=(KeyError, error, None))
    LOG.error("none", exc_info=True)  # noqa: LOG014 - by mistake, outside of a handler
    assert [line.get("error") for line in lines()] == ["KeyError", "KeyError", None]


def test_the_root_of_a_validated_mapping_is_not_told() -> None:
    def fault() -> Exception:
        try:
            TypeAdapter(dict[str, int]).validate_python({CANARY: "x"})
        except ValueError as error:
            return error
        raise AssertionError

    assert logged(fault)["errors"] == ["int_parsing"]
