"""Wrong fields: each is named with what is expected and what to do, and nothing that was sent comes back."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from fastapi import FastAPI
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt

from chassis.http.exception_handlers import install
from chassis.pure.codes import Day, Instant
from tests.support.web import ask, problem
from vocabulary.codes import Country

CANARY = "Canary-Amina-Okafor"


class Trade(StrEnum):
    PAINTING = "painting"
    CARE = "care"


class ByBus(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["bus"]
    seats: StrictInt


class ByPlane(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["plane"]
    flight: Annotated[str, Field(max_length=8)]


def _quotes(text: str) -> str:
    if text != "good":
        raise ValueError(f"is {text}, which is not good")
    return text


class Everything(BaseModel):
    model_config = ConfigDict(extra="forbid")

    case_id: UUID
    country: Country
    day: Day
    at: Instant
    born: date = date(2000, 1, 1)
    count: Annotated[StrictInt, Field(ge=1, le=9)] = 1
    share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    step: Annotated[int, Field(multiple_of=5)] = 5
    yes: StrictBool = True
    trade: Trade = Trade.CARE
    priority: Literal["normal", "urgent"] = "normal"
    text: Annotated[str, Field(min_length=2, max_length=5)] = "text"
    tags: Annotated[list[str], Field(min_length=1, max_length=2)] = ["a"]
    journey: Annotated[ByBus | ByPlane, Field(discriminator="kind")] | None = None
    either: StrictInt | ByBus = 1
    names: dict[str, int] = {}
    nothing: None = None
    number: Annotated[str, AfterValidator(lambda text: str(int(text)))] = "1"
    quotes: Annotated[str, AfterValidator(_quotes)] = "good"


def good(**changes: Any) -> dict[str, Any]:
    return {
        "case_id": "0198c9e0-c6f8-7c3e-9d5b-6a1f2e3d4c5b",
        "country": "NG",
        "day": "2026-03-31",
        "at": "2026-03-31T09:30:00Z",
        **changes,
    }


APP = FastAPI()
install(APP)


@APP.post("/everything")
async def take(body: Everything) -> str:
    return body.text


def invalid(**changes: Any) -> list[dict[str, str]]:
    answer = ask(APP, "POST", "/everything", json=good(**changes))
    errors: list[dict[str, str]] = problem(answer, 422, "request_invalid")["errors"]
    assert "Canary" not in answer.text, "a problem document repeats what was sent"
    return errors


def test_a_good_request_passes() -> None:
    assert ask(APP, "POST", "/everything", json=good()).status_code == 200


@pytest.mark.parametrize(
    ("changes", "field", "code", "said"),
    [
        ({"case_id": CANARY}, "/case_id", "wrong_type", "UUID"),
        ({"case_id": 7}, "/case_id", "wrong_type", "UUID"),
        ({"country": CANARY}, "/country", "wrong_format", "^[A-Z]{2}$"),
        ({"country": 7}, "/country", "wrong_type", "JSON string"),
        ({"day": CANARY}, "/day", "wrong_type", "YYYY-MM-DD"),
        ({"day": "1900-01-01"}, "/day", "inadmissible", "The value is before 2017."),
        ({"day": "1900-01-01"}, "/day", "inadmissible", "Give the real date, or leave the field out"),
        ({"day": "2026-03-31T09:30:00Z"}, "/day", "wrong_type", "YYYY-MM-DD"),
        ({"at": CANARY}, "/at", "wrong_type", "2026-03-31T09:30:00Z"),
        ({"at": "2026-03-31T09:30:00"}, "/at", "wrong_type", "with offset"),
        ({"count": CANARY}, "/count", "wrong_type", "whole number"),
        ({"count": "5"}, "/count", "wrong_type", "without quotes"),
        ({"count": 1.5}, "/count", "wrong_type", "whole number"),
        ({"count": 0}, "/count", "out_of_range", "1 or more"),
        ({"count": 10}, "/count", "out_of_range", "9 or less"),
        ({"share": 0}, "/share", "out_of_range", "more than 0"),
        ({"share": 1}, "/share", "out_of_range", "less than 1"),
        ({"share": CANARY}, "/share", "wrong_type", "JSON number"),
        ({"step": 7}, "/step", "out_of_range", "multiple of 5"),
        ({"yes": "yes"}, "/yes", "wrong_type", "true or false"),
        ({"trade": CANARY}, "/trade", "not_in_list", "'painting' or 'care'"),
        ({"priority": CANARY}, "/priority", "not_in_list", "'normal' or 'urgent'"),
        ({"text": "x"}, "/text", "too_short", "at least 2 characters"),
        ({"text": CANARY}, "/text", "too_long", "at most 5 characters"),
        ({"tags": CANARY}, "/tags", "wrong_type", "JSON array"),
        ({"tags": []}, "/tags", "too_short", "at least 1"),
        ({"tags": [CANARY] * 3}, "/tags", "too_long", "at most 2"),
        ({"tags": ["a", 7]}, "/tags/1", "wrong_type", "JSON string"),
        ({"journey": {"kind": CANARY}}, "/journey", "not_in_list", "'bus', 'plane'"),
        ({"journey": {}}, "/journey", "missing", "'kind' is missing"),
        ({"journey": {"kind": "bus"}}, "/journey/seats", "missing", "missing"),
        ({"journey": {"kind": "bus", "seats": CANARY}}, "/journey/seats", "wrong_type", "whole number"),
        ({"journey": {"kind": "bus", "seats": 1, CANARY: 1}}, f"/journey/{CANARY}", "unknown_field", "know"),
        ({"journey": CANARY}, "/journey", "wrong_type", "JSON object"),
        ({"names": {"a": CANARY}}, "/names/a", "wrong_type", "whole number"),
        ({"names": {f"{CANARY} and more": "x"}}, "/names/(name withheld)", "wrong_type", "whole number"),
        ({"nothing": CANARY}, "/nothing", "wrong_type", "null"),
        ({"number": CANARY}, "/number", "inadmissible", "not admissible"),
        ({"quotes": CANARY}, "/quotes", "inadmissible", "not admissible"),
        ({"fone": CANARY}, "/fone", "unknown_field", "Leave it out"),
        ({f"{CANARY} (born 1990)": 1}, "/(name withheld)", "unknown_field", "Leave it out"),
    ],
)
def test_a_wrong_field_is_named_with_shape_and_remedy(
    changes: dict[str, Any], field: str, code: str, said: str
) -> None:
    answer = ask(APP, "POST", "/everything", json=good(**changes))
    [error] = problem(answer, 422, "request_invalid")["errors"]
    assert (error["field"], error["code"]) == (field, code)
    assert said in f"{error['detail']} {error['remedy']}"
    assert CANARY not in answer.text.replace(f"/journey/{CANARY}", "")


def test_each_member_of_a_union_says_what_it_expects_at_the_same_field() -> None:
    errors = invalid(either=CANARY)
    assert {error["field"] for error in errors} == {"/either"}


def test_all_wrong_fields_are_listed_at_once() -> None:
    assert len(invalid(case_id=CANARY, country=CANARY, day=CANARY)) == 3


def test_no_more_than_twenty_errors_are_listed() -> None:
    assert len(invalid(**{f"field_{n}": 1 for n in range(50)})) == 20


@pytest.mark.parametrize("body", ["[]", '"text"', "7", "null"])
def test_a_body_that_is_no_object_is_refused_as_a_whole(body: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = ask(APP, "POST", "/everything", content=body, headers=headers)
    assert problem(answer, 422, "request_invalid")["errors"][0]["field"] == ""


def test_a_missing_body_is_told_as_such() -> None:
    [error] = problem(ask(APP, "POST", "/everything"), 422, "request_invalid")["errors"]
    assert (error["field"], error["detail"]) == ("", "The request has no body.")
