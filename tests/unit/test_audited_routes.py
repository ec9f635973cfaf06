"""Every operation either says that it is personal, and so is a row of the audit, or stands here with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args
from uuid import uuid4

import pytest
from pydantic import BaseModel

from chassis.http.auditing import is_personal
from chassis.pure.subjects import subjects_in
from tests.support.services import ALL, SHARED, routes

OF_COUNTRIES = "about a country; the row of the switch keeps who has asked and who has confirmed"
OF_COURSES = "a course on offer; who takes part is told by `read_session`"
OF_FIGURES = "numbers of people; none of fewer than five is told, and none can be worked out"
OF_EMPLOYERS = "an employer and its openings; who is on the way to one is told by `read_vacancy`"
EXEMPT: Mapping[str, Mapping[str, str]] = {
    "counselling": {},
    "journey": {
        "list_figures": "the words of figures",
        "read_figure": OF_FIGURES,
    },
    "placement": {
        "register_employer": OF_EMPLOYERS,
        "list_employers": OF_EMPLOYERS,
        "publish_vacancy": OF_EMPLOYERS,
        "list_vacancies": OF_EMPLOYERS,
        "read_summary": "numbers of people, each of them coarsened",
    },
    "referral": {
        "list_countries": OF_COUNTRIES,
        "read_country": OF_COUNTRIES,
        "request_country_status": OF_COUNTRIES,
        "confirm_country_status": OF_COUNTRIES,
        "reject_country_status": OF_COUNTRIES,
    },
    "training": {"schedule_session": OF_COURSES, "list_sessions": OF_COURSES},
}
IN_EVERY_SERVICE: Mapping[str, str] = {
    "list_code_lists": "public lists",
    "read_code_list": "public lists",
    "list_parked": "envelopes; what a record holds is not shown",
    "read_parked": "an envelope; what a record holds is not shown",
    "retry_many_parked": "decided on by envelope; the row of the record keeps who and why",
    "discard_many_parked": "decided on by envelope; the row of the record keeps who and why",
    "retry_parked": "decided on by envelope; the row of the record keeps who and why",
    "discard_parked": "decided on by envelope; the row of the record keeps who and why",
}
EVERY = [
    pytest.param(service, route, id=f"{service.name} {route.name}") for service in ALL for _, route in routes(service)
]


def models(kind: Any) -> Iterator[type[BaseModel]]:
    """Every model that a type is made of."""
    for each in get_args(kind):
        yield from models(each)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
        for field in kind.model_fields.values():
            yield from models(field.annotation)


@pytest.mark.parametrize(("service", "route"), EVERY)
def test_an_operation_is_personal_or_is_exempt_for_a_reason(service: Any, route: Any) -> None:
    assert is_personal(route.openapi_extra) != (route.name in EXEMPT[service.name])


@pytest.mark.parametrize("route", [route for _, route in SHARED], ids=lambda route: route.name)
def test_what_every_service_answers_is_exempt_for_a_reason(route: Any) -> None:
    assert is_personal(route.openapi_extra) != (route.name in IN_EVERY_SERVICE)


def test_no_exemption_is_left_over() -> None:
    there = {service.name: {route.name for _, route in routes(service)} for service in ALL}
    assert {name: exempt.keys() - there[name] for name, exempt in EXEMPT.items()} == {name: set() for name in there}
    assert IN_EVERY_SERVICE.keys() <= {route.name for _, route in SHARED}


@pytest.mark.parametrize(("service", "route"), EVERY)
def test_whatever_names_a_case_is_personal(service: Any, route: Any) -> None:
    named = [each for each in models(route.response_model) if "case_id" in each.model_fields]
    assert is_personal(route.openapi_extra) or not named
    assert is_personal(route.openapi_extra) or "{case_id}" not in route.path


@pytest.mark.parametrize("service", ALL, ids=lambda service: service.name)
def test_a_service_with_personal_operations_has_keys_for_their_rows(service: Any) -> None:
    assert service.seals
    assert service.subject == "case"


class Line(BaseModel):
    case_id: Any = None
    lines: tuple[Any, ...] = ()


def test_a_subject_is_found_however_deep_it_stands() -> None:
    one, two = uuid4(), uuid4()
    assert subjects_in(Line(case_id=one, lines=(Line(lines=(Line(case_id=two),)), Line())), "case_id") == {one, two}
    assert subjects_in({"items": [{"case_id": str(one)}, {"case_id": None}, {"id": str(two)}]}, "case_id") == {one}
    assert subjects_in((None, "text", 7), "case_id") == set()
