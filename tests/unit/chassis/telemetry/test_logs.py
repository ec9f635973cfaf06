"""Logs: one JSON object per line from everyone, and no personal data even when someone logs it by mistake."""

from __future__ import annotations

import asyncio
import io
import logging
import os
import subprocess
import sys
import warnings
from datetime import UTC, datetime, timedelta
from enum import Enum
from uuid import UUID

import pytest

from chassis.settings import Settings
from chassis.telemetry import logs
from chassis.telemetry.scrub import WITHHELD
from tests.support.loglines import CANARY, configured, restore_logging

__all__ = ["restore_logging"]
ID = "0198c9e0-c6f8-7c3e-9d5b-6a1f2e3d4c5b"
LOG = logs.get_logger("notes.handlers")


def run(program: str) -> subprocess.CompletedProcess[str]:
    """Runs a Python program in a process of its own, which finds the same modules as this one."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_a_line_says_when_where_and_what() -> None:
    lines = configured()
    shared = logs.shared_fields.set({"trace_id": "4bf92f35", "note_id": ID})
    LOG.info("batch_done", count=500, topic="ph.training.v1")
    logs.shared_fields.reset(shared)
    LOG.info("alone")
    line, alone = lines()
    assert "trace_id" not in alone
    assert datetime.fromisoformat(line.pop("timestamp")).utcoffset() == timedelta()
    assert line == {
        "level": "info",
        "event": "batch_done",
        "module": "notes.handlers",
        "service": "notes",
        "instance": "notes-0",
        "trace_id": "4bf92f35",
        "note_id": ID,
        "count": 500,
        "topic": "ph.training.v1",
    }


def test_what_a_line_is_about_goes_out_under_the_word_of_the_service() -> None:
    lines = configured("order")
    LOG.info("put_off", subject_id=ID, note_id=CANARY)
    [line] = lines()
    assert line["order_id"] == ID
    assert "subject_id" not in line
    assert line["note_id"] == WITHHELD


def test_a_logger_made_before_the_configuration_follows_it() -> None:
    first, second = configured(), configured()
    LOG.info("once")
    assert (len(first()), len(second())) == (0, 1)


def test_lines_below_the_level_are_not_written() -> None:
    lines = configured(log_level="WARNING")
    LOG.info("quiet")
    logging.getLogger("uvicorn.error").info("quiet")
    LOG.warning("loud")
    assert [line["event"] for line in lines()] == ["loud"]


def test_a_text_in_an_unknown_field_is_withheld_and_a_number_is_not() -> None:
    lines = configured()
    LOG.info("saved", name_of_person=CANARY, whole={"name": CANARY}, items=[CANARY], seats=3, ratio=0.5, yes=True)
    [line] = lines()
    assert line["name_of_person"] == line["whole"] == line["items"] == WITHHELD
    assert (line["seats"], line["ratio"], line["yes"]) == (3, 0.5, True)


def test_long_texts_and_lists_are_cut() -> None:
    lines = configured()
    LOG.info("cut", reason="x" * 1000, topics=["t"] * 1000)
    [line] = lines()
    assert len(line["reason"]) < 250
    assert len(line["topics"]) == 20


def test_objects_in_known_fields_are_told_by_type_unless_they_are_plain() -> None:
    class Colour(Enum):
        RED = "red"

    class Person:
        def __repr__(self) -> str:
            return CANARY

    lines = configured()
    LOG.info(
        "plain",
        subject=UUID(ID),
        due_at=datetime(2026, 3, 31, tzinfo=UTC),
        kind=Colour.RED,
        owner=Person(),
        error=KeyError(CANARY),
        states={"a": Person()},
    )
    [line] = lines()
    assert line["subject"] == ID
    assert line["due_at"].startswith("2026-03-31")
    assert (line["owner"], line["error"], line["states"]) == ("Person", "KeyError", {"a": "Person"})


# --- libraries ---


def test_libraries_log_through_the_same_renderer() -> None:
    lines = configured()
    logging.getLogger("uvicorn.error").info("Started server process [%d]", 4711)
    logging.getLogger("aiokafka.cluster").warning("Topic %s is not available", "ph.training.v1")
    named = {"host": "k1", "error": KeyError(CANARY)}
    logging.getLogger("aiokafka.conn").error("Connect to %(host)s failed: %(error)s", named)
    first, second, third = lines()
    assert first["event"] == "Started server process [4711]"
    assert (first["module"], first["level"]) == ("uvicorn.error", "info")
    assert second["event"] == "Topic ph.training.v1 is not available"
    assert third["event"] == "Connect to k1 failed: KeyError"
    assert first["service"] == "notes"


def test_a_library_that_brings_its_own_handler_is_taken_over(capsys: pytest.CaptureFixture[str]) -> None:
    library = logging.getLogger("faststream.of.test")
    library.addHandler(logging.StreamHandler(sys.stderr))
    library.propagate = False
    lines = configured()
    library.error("Handler failed")
    assert [line["event"] for line in lines()] == ["Handler failed"]
    assert capsys.readouterr().err == ""


def test_logs_that_hold_addresses_are_off() -> None:
    lines = configured()
    logging.getLogger("httpx").info("HTTP Request: GET /keys?name=%s", CANARY)
    logging.getLogger("uvicorn.access").info("GET /people?name=%s", CANARY)
    assert lines() == []


def test_of_an_unknown_library_only_the_place_is_told() -> None:
    lines = configured()
    logging.getLogger("somewhere.else").warning(f"person {CANARY}")
    [line] = lines()
    assert line["event"] == WITHHELD
    assert line["at"].startswith("test_logs:")


def test_a_record_that_cannot_be_written_is_told_of() -> None:
    class Unprintable(str):
        __slots__ = ()

        def strip(self, *_: object) -> str:
            raise ValueError(CANARY)

    lines = configured()
    record = logging.LogRecord("aiokafka", logging.ERROR, "", 0, CANARY, None, None)
    record.msg = type("Message", (), {"__str__": lambda _: Unprintable()})()
    logging.getLogger("aiokafka").handle(record)
    assert [line["event"] for line in lines()] == ["log_line_lost"]


def test_what_ends_a_process_or_a_thread_is_told_without_its_text() -> None:
    program = "import sys, threading\nfrom chassis.telemetry import logs\nfrom chassis.settings import Settings\n"
    program += "logs.configure(Settings(auth_issuer='i', auth_jwks='j'), 'notes')\n"
    program += f"def fail(): raise KeyError('{CANARY}')\n"
    program += "thread = threading.Thread(target=fail)\nthread.start()\nthread.join()\nfail()"
    ran = run(program)
    assert ran.returncode == 1
    assert ran.stdout.count('"event":"uncaught"') == 2
    assert "Canary" not in ran.stdout + ran.stderr


def test_a_forgotten_task_is_reported_without_its_exception_text() -> None:
    lines = configured()

    async def forget() -> None:
        async def fail() -> None:
            raise KeyError(CANARY)

        task = asyncio.create_task(fail())
        await asyncio.sleep(0)
        del task
        await asyncio.sleep(0)

    asyncio.run(forget())
    [line] = lines()
    assert line["event"] == "Task exception was never retrieved"
    assert line["error"] == "KeyError"


def test_a_record_whose_arguments_do_not_fit_is_still_written() -> None:
    lines = configured()
    logging.getLogger("aiokafka").error("%d of %d", *["many"])
    assert lines()[0]["event"] == "%d of %d"


def test_warnings_are_logged_by_place_only() -> None:
    lines = configured()
    warnings.warn(CANARY, stacklevel=1)
    assert [line["module"] for line in lines()] == ["py.warnings"]


def test_nothing_slips_out_before_the_configuration() -> None:
    program = (
        f"from chassis.telemetry.logs import get_logger\n\ntry:\n    raise KeyError('{CANARY}')\nexcept KeyError:\n"
    )
    program += f"    get_logger('x').exception('failed', name_of_person='{CANARY}')"
    ran = run(program)
    assert "KeyError" in ran.stderr
    assert "Canary" not in ran.stderr + ran.stdout


def test_the_console_format_is_for_people_and_scrubs_the_same() -> None:
    stream = io.StringIO()
    logs.configure(Settings(auth_issuer="i", auth_jwks="j", log_format="console"), "notes", stream)
    try:
        raise KeyError(CANARY)
    except KeyError:
        LOG.exception("failed", name_of_person=CANARY)
    text = stream.getvalue()
    assert "failed" in text
    assert "KeyError" in text
    assert "Canary" not in text
