"""The code lists of the chain, for whoever has a token: what a form offers, and what a code means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from chassis.http.answering import answers, json_response
from chassis.http.api import Anybody
from chassis.http.problems import Problem
from chassis.http.routes import new_router
from chassis.pure.answers import tag_of
from chassis.pure.code_lists import CodeEntry, CodeListAnswer, CodeListName, CodeListNames
from chassis.pure.codes import Day

_PUBLIC = b"code lists"
"""Nothing in them is anybody's: their tags need no secret."""


def router(lists: Mapping[str, CodeListAnswer]) -> APIRouter:
    """Routes that serve these lists."""
    routes = new_router(prefix="/code-lists", tags=["code lists"])
    names = CodeListNames(
        items=tuple(
            CodeListName(name=each.name, version=each.version, codes=len(each.items)) for each in lists.values()
        )
    )

    @routes.get("", **answers(CodeListNames))
    async def list_code_lists(_caller: Anybody) -> Response:
        """Which code lists there are."""
        return json_response(names)

    @routes.get("/{name}", **answers(CodeListAnswer, 404, tagged=True))
    async def read_code_list(
        name: Annotated[str, Path(max_length=64)],
        _caller: Anybody,
        on: Annotated[Day | None, Query(description="only codes in force on this day; else all of all times")] = None,
    ) -> Response:
        """One code list with its labels."""
        found = lists.get(name)
        if found is None:
            raise Problem(
                status=404,
                code="code_list_not_found",
                detail="There is no code list with this name.",
                remedy="Take a name from GET /code-lists.",
            )
        if on is not None:
            found = found.model_copy(update={"items": tuple(each for each in found.items if _in_force(each, on))})
        return json_response(found, {"ETag": tag_of(found, name, _PUBLIC)})

    return routes


def _in_force(entry: CodeEntry, day: date) -> bool:
    return (entry.valid_from is None or entry.valid_from <= day) and (entry.valid_to is None or day <= entry.valid_to)
