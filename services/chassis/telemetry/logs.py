"""Structured logs: one JSON object per line on standard output, from our code and from libraries alike.

An event is a constant with fields (`log.info("batch_done", count=500)`), never a sentence with values: constants can be
searched and counted, and nothing slips into them. What all lines of a request say (`trace_id`, `span_id`, `request_id`)
comes from a context variable. What a line is about stands in `subject_id`, which goes out under the word that the
service has for it (`order_id`).
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from contextvars import ContextVar
from types import MappingProxyType, TracebackType
from typing import Any, NamedTuple, TextIO

import structlog
from pydantic_core import to_json
from structlog.typing import FilteringBoundLogger, Processor

from chassis.settings import Settings
from chassis.telemetry.repeats import Repeats
from chassis.telemetry.scrub import WITHHELD, describe, scrubber
from chassis.trouble import Trouble

TRUSTED_LIBRARIES = ("uvicorn", "aiokafka", "faststream", "asyncpg", "asyncio", "opentelemetry")
"""Libraries whose messages may be logged. Of any other library the log names only the place."""

shared_fields: ContextVar[Mapping[str, str]] = ContextVar("shared_fields", default=MappingProxyType({}))
"""What every line says that the current task and its children write."""


def secrets_not_read(trouble: Trouble) -> None:
    """Tells that a connection is made with the secrets that were read before."""
    get_logger(__name__).warning("secrets_not_read", says=trouble.what, remedy=trouble.remedy)


def get_logger(name: str) -> FilteringBoundLogger:
    """The logger of a module; lines carry its name as `module`. Until `configure`, to standard error."""
    if not structlog.is_configured():  # structlog's default shows exceptions with all their local variables
        processors: list[Processor] = [structlog.processors.add_log_level, _reduce_exception, scrubber()]
        structlog.configure(
            processors=[*processors, structlog.processors.JSONRenderer()],
            logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        )
    logger: FilteringBoundLogger = structlog.get_logger(module=name)
    return logger


def configure(settings: Settings, service: str, stream: TextIO | None = None, *, subject: str = "subject") -> None:
    """Sends all that this process logs through one chain of processors. Called once, before all else.

    `subject`: the service's word for what its lines are about, as in `Service`.
    """
    stream = sys.stdout if stream is None else stream
    level = logging.getLevelNamesMapping()[settings.log_level]
    constants = {"service": service, "instance": settings.instance or service}

    subject_id = f"{subject}_id"

    def name_things(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if "subject_id" in line:
            line[subject_id] = line.pop("subject_id")
        return {**shared_fields.get(), **constants, **line}

    common: list[Processor] = [
        name_things,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _reduce_exception,
        scrubber(subject_id),
    ]
    if settings.log_format == "console":
        renderer: Processor = structlog.dev.ConsoleRenderer(colors=stream.isatty(), sort_keys=False)
    else:
        renderer = structlog.processors.JSONRenderer(serializer=_json)
    structlog.configure(
        processors=[*common, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )
    _take_over(level)
    sys.excepthook = _uncaught
    threading.excepthook = lambda crash: _uncaught(crash.exc_type, crash.exc_value, crash.exc_traceback)
    logging.captureWarnings(capture=True)


def _json(line: Any, **options: Any) -> str:
    """pydantic's writer is several times as fast as the standard library's, which alone escapes what is not ASCII: half
    a character, or one that somebody takes for the end of a line."""
    try:
        text = to_json(line).decode()
    except ValueError:
        text = ""
    return text if text and text.isascii() else json.dumps(line, **options)


def _uncaught(kind: type[BaseException], error: BaseException | None, traceback: TracebackType | None) -> None:
    """Logs the error that ends a process or a thread like any other exception; Python would print its message."""
    if error is None or issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error or kind(), traceback)
    else:
        structlog.get_logger().critical("uncaught", module="chassis.telemetry.logs", exc_info=error)


def _take_over(level: int) -> None:
    """Leaves the standard library's logging one way out. Some libraries bring handlers of their own (FastStream)."""
    root = logging.getLogger()
    root.handlers = [_LibraryHandler()]
    root.setLevel(max(level, logging.INFO))  # what libraries say at DEBUG holds payloads
    for logger in root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.handlers = []
            logger.propagate = True
    logging.getLogger("httpx").setLevel(logging.WARNING)  # tells every URL at INFO
    logging.getLogger("uvicorn.access").propagate = False  # ours says `http_request`, without the query


class _Kind(NamedTuple):
    """What is the same in lines that a library repeats."""

    module: str
    level: int
    event: str
    at: str | None
    error: str


class _LibraryHandler(logging.Handler):
    """Hands records of the standard library's logging to structlog. Of what a library repeats, it tells how often."""

    def __init__(self) -> None:
        super().__init__()
        self._repeats = Repeats[_Kind]()

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one record, or logs that it could not; `handleError` would print everything that the record holds."""
        try:
            for kind, lines in self._repeats.held_back():
                self._write(kind, repeated=lines)
            trusted = record.name.startswith(TRUSTED_LIBRARIES)
            error = record.exc_info[1] if record.exc_info else None
            event = _words(record) if trusted else WITHHELD
            at = None if trusted else f"{record.module}:{record.lineno}"
            kind = _Kind(record.name, record.levelno, event, at, type(error).__name__)
            if self._repeats.goes_out(kind):
                self._write(kind, **({} if error is None else {"exc_info": error}))
        except Exception:  # noqa: BLE001 - logging must not break what is logged
            with suppress(Exception):
                structlog.get_logger().error("log_line_lost", module=record.name)

    def _write(self, kind: _Kind, **fields: Any) -> None:
        if kind.at is not None:
            fields["at"] = kind.at
        structlog.get_logger().log(kind.level, kind.event, module=kind.module, **fields)


def _words(record: logging.LogRecord) -> str:
    """A library's message: first line only, its arguments reduced, without the text of its exception."""
    arguments = record.args
    if isinstance(arguments, tuple):
        arguments = tuple(_argument(each) for each in arguments)
    elif isinstance(arguments, dict):
        arguments = {name: _argument(each) for name, each in arguments.items()}
    try:
        text = str(record.msg) % arguments if arguments else str(record.msg)
    except (TypeError, ValueError):
        text = str(record.msg)
    error = record.exc_info[1] if record.exc_info else None
    for quoted in (str(error), repr(error)) if error is not None else ():
        if quoted:
            text = text.replace(quoted, WITHHELD)
    return text.strip().partition("\n")[0]


def _argument(value: Any) -> Any:
    """Numbers and texts as they are (host names, topics, counts); of anything else, exceptions included, the type."""
    return value if isinstance(value, str | int | float | bool | None) else type(value).__name__


def _reduce_exception(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replaces `exc_info` by what may be told of the exception."""
    error = line.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    elif isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        line.update({**describe(error), **{k: v for k, v in line.items() if k != "error"}})
    return line
