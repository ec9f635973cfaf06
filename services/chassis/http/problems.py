"""Errors that a person can act on: RFC 9457 problem documents, one shape for every refusal of every service.

Each says what is wrong, which field, and what to do about it. None repeats what the caller sent, since bodies
hold personal data and answers are kept by proxies and clients; none tells of the insides.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from chassis.http.field_errors import FieldError
from chassis.pure.decision import Refused

T = TypeVar("T")

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:problem-type:ph:"
MAX_ERRORS = 20
SCHEMA_REF = "#/components/schemas/Problem"


class ProblemField(BaseModel):
    """One field at fault."""

    model_config = ConfigDict(title="ProblemField")

    field: str = Field(description="JSON pointer into the body, or the name of a header or parameter")
    code: str
    detail: str
    remedy: str


class ProblemDocument(BaseModel):
    """RFC 9457 problem details, with `code` for programs and `remedy` for people."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(description="URN of the kind of problem; ends with the code")
    title: str
    status: int
    detail: str
    instance: str = Field(description="names this occurrence: quote it to the operators")
    code: str = Field(description="stable name of the kind of problem")
    remedy: str
    errors: list[ProblemField]


class Problem(Exception):
    """Raise it anywhere in a request; the caller gets the document and nothing else happens."""

    def __init__(
        self,
        *,
        status: int,
        code: str,
        detail: str,
        remedy: str,
        field: str = "",
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.remedy = remedy
        self.errors = tuple(errors) or ((FieldError(field, code, detail, remedy),) if field else ())
        self.headers = dict(headers or {})

    @classmethod
    def of(cls, refused: Refused) -> Problem:
        """The problem that tells a caller of a handler's refusal."""
        return cls(
            status=refused.status,
            code=refused.code,
            detail=refused.detail,
            remedy=refused.remedy,
            field=refused.field,
        )

    def document(self, instance: str) -> dict[str, Any]:
        """The problem document of this occurrence."""
        return {
            "type": TYPE_PREFIX + self.code,
            "title": self.code.replace("_", " ").capitalize(),
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "code": self.code,
            "remedy": self.remedy,
            "errors": [error.as_dict() for error in self.errors[:MAX_ERRORS]],
        }

    def response(self, instance: str) -> Response:
        """The document as an HTTP answer. ASCII only: whatever text an error may hold, it can be sent."""
        return Response(json.dumps(self.document(instance)), self.status, self.headers, MEDIA_TYPE)


def allowed(found: T | Refused) -> T:
    """What was found. Raises `Problem` if it is a refusal."""
    if isinstance(found, Refused):
        raise Problem.of(found)
    return found


def instance_of(scope: Mapping[str, Any]) -> str:
    """The name of this occurrence: the request id that the edge gave, which logs carry too."""
    return f"urn:request:{scope.get('state', {}).get('request_id', 'unknown')}"


def malformed_json(position: str) -> Problem:
    """400: the body cannot be read as JSON."""
    return Problem(
        status=400,
        code="json_malformed",
        detail=f"The body is not valid JSON: {position}.",
        remedy="Send a JSON document in UTF-8 (RFC 8259).",
    )


_EXAMPLES: Mapping[int, tuple[str, str, str]] = {
    400: (
        "json_malformed",
        "The body is not valid JSON: error at line 3, column 17.",
        "Send a JSON document in UTF-8.",
    ),
    401: ("token_invalid", "The token has expired.", "Get a new access token from the issuer."),
    403: ("role_required", "This needs one of the roles reviewer.", "Use a token of a person with that role."),
    404: ("no_such_resource", "There is nothing at this address.", "See /docs for what there is."),
    408: ("body_late", "The body did not come in time.", "Send the request again, without pauses."),
    409: ("wrong_state", "The present state does not allow this.", "Read the present state and decide anew."),
    412: (
        "changed_meanwhile",
        "Since you read it, this has changed: status.",
        "Read it again, and decide anew with its new ETag.",
    ),
    413: ("body_too_large", "The body is larger than 65536 bytes.", "Send a smaller one."),
    415: (
        "media_type_unsupported",
        "The body is not declared as JSON.",
        "Send Content-Type: application/json.",
    ),
    422: ("request_invalid", "1 field is not as expected.", "Correct what `errors` lists and send it again."),
    429: (
        "too_many_requests",
        "This account sends more requests than this service takes.",
        "Send it again after Retry-After.",
    ),
    431: (
        "header_too_large",
        "The request line and the headers are too large together.",
        "Send a shorter address, and fewer or shorter headers.",
    ),
    503: (
        "temporarily_unavailable",
        "The service cannot reach its database.",
        "Send it again after Retry-After.",
    ),
}


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that may answer so: for each status a problem document with an example."""
    return {status: _documented(status) for status in statuses}


def _documented(status: int) -> dict[str, Any]:
    phrase = HTTPStatus(status).phrase
    code, detail, remedy = _EXAMPLES.get(status, (f"http_{status}", f"{phrase}.", "See detail."))
    problem = Problem(status=status, code=code, detail=detail, remedy=remedy, field="/amount" if status == 422 else "")
    documented: dict[str, Any] = {
        "description": phrase,
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": SCHEMA_REF},
                "example": problem.document("urn:request:0198c9e0c6f87c3e9d5b6a1f2e3d4c5b"),
            }
        },
    }
    if status in _HEADERS:
        name, text = _HEADERS[status]
        documented["headers"] = {name: {"description": text, "schema": {"type": "string"}}}
    return documented


_HEADERS: Mapping[int, tuple[str, str]] = {
    401: ("WWW-Authenticate", "what is wrong with the token (RFC 6750)"),
    429: ("Retry-After", "seconds to wait"),
    503: ("Retry-After", "seconds to wait"),
}

COMMON = problem_responses(400, 401, 408, 413, 415, 422, 429, 431, 503)
"""What the edge itself may answer, whatever the route."""


def schemas() -> dict[str, Any]:
    """The component schemas that `problem_responses` refers to."""
    own = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**own.pop("$defs"), "Problem": own}
