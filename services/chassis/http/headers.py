"""Headers that a dependency reads by itself: by FastAPI, the two of a command took 4 % of its processor time."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError

from chassis.http.problems import Problem

Dependency = TypeVar("Dependency", bound=Callable[..., Any])
_read_by: dict[Callable[..., Any], Sequence[CommandHeader]] = {}


@dataclass(frozen=True, slots=True)
class CommandHeader:
    """One header that comes once at most. `pattern`: of the whole value, which holds `longest` characters at most.

    `alone` says what to do if it comes twice; `absent` is what a caller gets that leaves it out, if none may.
    """

    name: str
    pattern: str
    longest: int
    description: str
    alone: str
    absent: Callable[[], Problem] | None = None

    def read(self, request: Request) -> str | None:
        """Its value. Raises `Problem` 400 if it comes twice or is missing, `RequestValidationError` if it is not as
        expected."""
        found = request.headers.getlist(self.name)
        if len(found) > 1:
            detail = f"The request has more than one {self.name} header."
            raise Problem(status=400, code="header_repeated", detail=detail, remedy=self.alone, field=self.name)
        if not found:
            if self.absent is not None:
                raise self.absent()
            return None
        value: str = found[0]
        if len(value) > self.longest:
            raise self._unlike("string_too_long", {"max_length": self.longest})
        if re.fullmatch(self.pattern, value) is None:
            raise self._unlike("string_pattern_mismatch", {"pattern": self.pattern})
        return value

    def _unlike(self, type_: str, declared: dict[str, Any]) -> RequestValidationError:
        return RequestValidationError([{"type": type_, "loc": ("header", self.name), "ctx": declared}])

    @property
    def parameter(self) -> dict[str, Any]:
        """As OpenAPI describes it."""
        schema = {"type": "string", "maxLength": self.longest, "pattern": f"^{self.pattern}$", "title": self.name}
        required = self.absent is not None
        return {
            "name": self.name,
            "in": "header",
            "required": required,
            "schema": schema,
            "description": self.description,
        }


def reads(*headers: CommandHeader) -> Callable[[Dependency], Dependency]:
    """Says of a dependency what it reads, so that its routes document it."""

    def marked(dependency: Dependency) -> Dependency:
        _read_by[dependency] = headers
        return dependency

    return marked


def documented(dependant: Dependant) -> list[dict[str, Any]]:
    """The parameters, as OpenAPI describes them, that the dependencies of a route read."""
    own = _read_by.get(dependant.call, ()) if dependant.call is not None else ()
    below = (each for dependency in dependant.dependencies for each in documented(dependency))
    return [*(header.parameter for header in own), *below]
