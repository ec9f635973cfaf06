"""From an answer to bytes: it is encoded once, and FastAPI neither validates nor encodes it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from chassis.http.problems import problem_responses
from chassis.pure.answers import Answer

MEDIA_TYPE = "application/json"
_TAGGED = {
    "description": "Successful Response",
    "headers": {
        "ETag": {
            "description": "names what was shown; sent as `If-Match` with a command, it holds the command to it",
            "schema": {"type": "string"},
        }
    },
}

REFUSALS = (403, 404, 409, 412)
"""The statuses with which a command on something that is there may be refused."""


def answers(model: type[Answer], *statuses: int, tagged: bool = False) -> dict[str, Any]:
    """What a route declares of its answers: their form, the statuses of its refusals, and whether it has an `ETag`."""
    return {
        "response_model": model,
        "responses": {**({200: _TAGGED} if tagged else {}), **problem_responses(*statuses)},
    }


class Shown(Response):
    """An answer as it is sent, and what it says: the audit looks for whom it names."""

    def __init__(self, answer: Answer, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(answer.model_dump_json(), headers=headers, media_type=MEDIA_TYPE)
        self.shown = answer


def json_response(answer: Answer, headers: Mapping[str, str] | None = None) -> Response:
    """The answer as it is sent."""
    return Shown(answer, headers)
