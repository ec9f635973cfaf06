"""Bodies that the desk takes: what is refused before any rule is asked, and that no answer repeats a value."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel, ValidationError

from chassis.http.field_errors import field_errors
from referral.bodies import (
    Booking,
    Cancellation,
    DepartureReport,
    NewCase,
    NewConsent,
    NewReferral,
    Plan,
    Rescheduling,
    Withdrawal,
)
from tests.support.referral.web import Api, calls
from tests.support.web import problem
from vocabulary.profiles import OLDEST_BIRTH_YEAR, ProfileBody

ALL = (
    ProfileBody,
    NewCase,
    NewConsent,
    NewReferral,
    Withdrawal,
    Plan,
    Booking,
    Rescheduling,
    Cancellation,
    DepartureReport,
)
CANARY = "Canary-Amina"


def example(body: type[BaseModel]) -> dict[str, Any]:
    extra: Any = body.model_config["json_schema_extra"]
    return dict(extra["examples"][0])


def faults(body: type[BaseModel], **changes: Any) -> list[dict[str, str]]:
    """What the caller of the API would be told of the example with these changes."""
    sent = {**example(body), **changes}
    with pytest.raises(ValidationError) as caught:
        body.model_validate(sent)
    found = [{**error, "loc": ("body", *error["loc"])} for error in caught.value.errors()]
    return [error.as_dict() for error in field_errors(found, sent)]


@pytest.mark.parametrize("body", ALL)
def test_the_example_of_a_body_is_one(body: type[BaseModel]) -> None:
    body.model_validate(example(body))


@pytest.mark.parametrize("body", ALL)
def test_a_field_that_nobody_knows_is_refused(body: type[BaseModel]) -> None:
    [fault] = faults(body, nickname=CANARY)
    assert (fault["field"], fault["code"]) == ("/nickname", "unknown_field")


@pytest.mark.parametrize("body", ALL)
def test_every_field_is_bounded(body: type[BaseModel]) -> None:
    """Texts by length or pattern, lists by length: no body grows beyond what its fields allow."""
    for name, schema in body.model_json_schema()["properties"].items():
        for branch in schema.get("anyOf", [schema]):
            if branch.get("type") == "string":
                assert {"maxLength", "pattern", "enum", "format"} & set(branch), name
            if branch.get("type") == "array":
                assert branch["maxItems"] <= 20, name


# --- birth dates ---


@pytest.mark.parametrize("day", ["1906-01-01", "1990-05-17", "2000-02-29"])
def test_a_birth_date_is_any_day_of_a_life(day: str) -> None:
    assert ProfileBody(birth_date=day).texts() == {"birth_date": day}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value",
    [
        "1900-01-01",
        "1905-12-31",
        "0001-01-01",
        "2101-01-01",
        "9999-12-31",
        "1990-02-30",
        "1990-13-01",
        "17.05.1990",
        "1990-5-17",
        "1990-05-17T00:00:00",
        "1990-05-17 ",
        " 1990-05-17",
        "19900517",
        "643939200",
        "643939200.0",
        "",
        "unknown",
        "١٩٩٠-٠٥-١٧",
        643939200,
        643939200.5,
        19900517,
        True,
        [],
        {},
    ],
    ids=repr,
)
def test_what_is_no_birth_date_is_refused_and_not_repeated(value: Any) -> None:
    [fault] = faults(ProfileBody, birth_date=value)
    assert fault["field"] == "/birth_date"
    assert fault["remedy"].endswith(".")
    if len(str(value)) > 4:
        assert str(value).strip() not in str(fault)


@pytest.mark.parametrize(
    ("now", "born", "taken"),
    [
        ("2026-03-02T22:59:59+00:00", "2026-03-03", False),
        ("2026-03-02T23:00:00+00:00", "2026-03-03", True),  # midnight in Germany
        ("2026-07-02T21:59:59+00:00", "2026-07-03", False),
        ("2026-07-02T22:00:00+00:00", "2026-07-03", True),
    ],
)
@pytest.mark.parametrize("within", [False, True], ids=["alone", "with the case"])
def test_a_birth_date_lies_in_the_future_by_the_day_in_germany_and_the_services_clock(
    api: Api, now: str, born: str, taken: bool, within: bool
) -> None:
    api.desk.service.now = datetime.fromisoformat(now)
    method, path, body = calls(api)["open_case" if within else "set_profile"]
    answer = api.act(
        method, path, {**(body or {}), "profile": {"birth_date": born}} if within else {"birth_date": born}
    )
    if taken:
        assert answer.status_code in {200, 201}
        return
    [fault] = problem(answer, 422, "date_in_future")["errors"]
    assert fault["field"] == ("/profile" if within else "") + "/birth_date"
    assert born not in answer.text


def test_a_sentinel_is_told_to_be_left_out() -> None:
    [fault] = faults(ProfileBody, birth_date="1900-01-01")
    assert "leave the field out" in fault["remedy"]


# --- other days ---

DAYS: list[tuple[type[BaseModel], str]] = [
    (NewConsent, "granted_on"),
    (NewConsent, "valid_until"),
    (Plan, "earliest"),
    (Plan, "latest"),
    (Booking, "on"),
    (Rescheduling, "earliest"),
    (Rescheduling, "latest"),
    (DepartureReport, "departed_on"),
    (DepartureReport, "arrival_expected_on"),
]


@pytest.mark.parametrize(("body", "field"), DAYS)
@pytest.mark.parametrize("value", ["1900-01-01", "2016-12-31", "2101-01-01", 1772409600, 1.5, True, "02.03.2026", None])
def test_a_day_lies_in_the_programmes_time_and_is_written_out(body: type[BaseModel], field: str, value: Any) -> None:
    [fault] = faults(body, **{field: value})
    assert fault["field"] == f"/{field}"


# --- profiles ---


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("given_name", ""),
        ("given_name", " \t"),
        ("given_name", f"{CANARY} " * 12),
        ("given_name", 4711471147),
        ("family_name", [CANARY]),
        ("sex", CANARY),
        ("sex", "F"),
        ("phone", CANARY),
        ("phone", "1234"),
        ("phone", "+49 151 00000000000000000000000000"),
        ("email", CANARY),
        ("email", "canary amina@example.org"),
        ("email", f"{CANARY}@"),
        ("email", f"{'a' * 65}@example.org"),
        ("email", f"{CANARY}@example.org\n"),
        ("given_name", "x" * 121),
        ("emergency_contact", f"{CANARY}{'x' * 3989}"),
        ("notes", f"{CANARY}{'x' * 3989}"),
        ("notes", {CANARY: CANARY}),
    ],
)
def test_a_field_of_a_profile_that_is_not_as_it_must_be_is_named_and_not_repeated(field: str, value: Any) -> None:
    [fault] = faults(ProfileBody, **{field: value})
    assert fault["field"] == f"/{field}"
    assert CANARY not in str(fault)
    assert "4711471147" not in str(fault)


def test_a_personal_value_as_the_name_of_a_field_is_not_repeated_either() -> None:
    [fault] = faults(ProfileBody, **{"Amina Okafor, born 1990": 1})
    assert "Amina" not in str(fault)


def test_a_profile_may_use_all_the_room_there_is() -> None:
    ProfileBody(given_name="x" * 120, notes="x" * 4000, email=f"{'a' * 64}@example.org")


def test_a_profile_keeps_only_what_was_given() -> None:
    body = ProfileBody(given_name="Ada", sex="unknown", notes="")
    assert body.texts() == {"given_name": "Ada", "sex": "unknown", "notes": ""}
    assert ProfileBody().texts() == {}


# --- all the rest ---


@pytest.mark.parametrize(
    ("body", "changes", "field"),
    [
        (NewCase, {"country": "Nigeria"}, "/country"),
        (NewCase, {"country": "ng"}, "/country"),
        (NewCase, {"admin1": "Lagos"}, "/admin1"),
        (NewCase, {"language": "english"}, "/language"),
        (NewCase, {"target_group": "RETURNEE"}, "/target_group"),
        (NewCase, {"return_type": "deported"}, "/return_type"),
        (NewCase, {"age_band": 27}, "/age_band"),
        (NewCase, {"household_id": "4711"}, "/household_id"),
        (NewCase, {"household_size": 0}, "/household_size"),
        (NewCase, {"household_size": 31}, "/household_size"),
        (NewCase, {"household_size": "2"}, "/household_size"),
        (NewCase, {"household_size": True}, "/household_size"),
        (NewCase, {"vulnerability_present": "no"}, "/vulnerability_present"),
        (NewCase, {"vulnerability_present": 0}, "/vulnerability_present"),
        (NewCase, {"profile": {"birth_date": "1900-01-01"}}, "/profile/birth_date"),
        (NewConsent, {"purpose": "Referral"}, "/purpose"),
        (NewConsent, {"recipients": []}, "/recipients"),
        (NewConsent, {"recipients": ["centre:NG-LOS"] * 21}, "/recipients"),
        (NewConsent, {"recipients": ["NG"]}, "/recipients/0"),
        (NewConsent, {"recipients": ["ministry:NG"]}, "/recipients/0"),
        (NewConsent, {"recipients": "country:NG"}, "/recipients"),
        (NewConsent, {"text_version": "version 1"}, "/text_version"),
        (NewConsent, {"evidence_ref": "sheet 12"}, "/evidence_ref"),
        (NewConsent, {"guardian": "yes"}, "/guardian"),
        (NewReferral, {"priority": "high"}, "/priority"),
        (NewReferral, {"needs": []}, "/needs"),
        (NewReferral, {"needs": ["housing"] * 21}, "/needs"),
        (NewReferral, {"needs": ["a sentence about a person"]}, "/needs/0"),
        (NewReferral, {"wishes": ["own_business"] * 21}, "/wishes"),
        (NewReferral, {"skills": ["713"]}, "/skills/0"),
        (NewReferral, {"skills": [7131]}, "/skills/0"),
        (NewReferral, {"to_centre": "NG-LOS"}, "/to_centre"),
        (NewReferral, {"to_centre": "programme:REMOTE"}, "/to_centre"),
        (Withdrawal, {"reason": ""}, "/reason"),
        (Withdrawal, {"reason": "She is afraid"}, "/reason"),
        (Plan, {"transport": "balloon"}, "/transport"),
        (Plan, {"arrival_point": "Lagos"}, "/arrival_point"),
        (Booking, {"arrival_point": "los"}, "/arrival_point"),
        (Rescheduling, {"reason": "x"}, "/reason"),
        (Cancellation, {"reason": None}, "/reason"),
        (DepartureReport, {"assistance_codes": ["rent"] * 21}, "/assistance_codes"),
        (DepartureReport, {"assistance_codes": ["Rent for Amina"]}, "/assistance_codes/0"),
    ],
)
def test_a_field_that_is_not_as_it_must_be_is_named(body: type[BaseModel], changes: dict[str, Any], field: str) -> None:
    [fault] = faults(body, **changes)
    assert fault["field"] == field
    assert "Amina" not in str(fault)


@pytest.mark.parametrize("body", [body for body in ALL if body is not ProfileBody])
def test_a_field_that_must_be_there_is_missed(body: type[BaseModel]) -> None:
    for name, field in body.model_fields.items():
        if field.is_required():
            sent = {key: value for key, value in example(body).items() if key != name}
            with pytest.raises(ValidationError) as caught:
                body.model_validate(sent)
            [error] = caught.value.errors()
            assert (error["loc"], error["type"]) == ((name,), "missing")


def test_what_may_be_left_out_has_a_harmless_default() -> None:
    case = NewCase.model_validate(
        {
            "target_group": "RETURNEE_DE",
            "country": "NG",
            "language": "en",
            "return_type": "unknown",
            "age_band": "unknown",
        }
    )
    assert (case.admin1, case.household_id, case.household_size) == (None, None, 1)
    assert (case.vulnerability_present, case.profile) == (False, None)
    assert NewConsent.model_validate(example(NewConsent)).evidence_ref == UUID("0b54a4b4-2c1a-4f2e-9a55-3d1a6a1c2f10")
    assert OLDEST_BIRTH_YEAR == 1906


@pytest.mark.parametrize("day", ["2100-12-31", "2101-01-01"])
def test_a_consent_ends_within_the_calendar(day: str) -> None:
    [fault] = faults(NewConsent, valid_until=day)
    assert fault["field"] == "/valid_until"
    assert fault["remedy"] == "Check the year."
    NewConsent.model_validate({**example(NewConsent), "valid_until": "2100-12-30"})
