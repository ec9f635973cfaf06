from __future__ import annotations

from typing import Any

import pytest

from bench.against.api import GRANT_CONSENT, OPEN_CASE, REFER, Api, Incomparable, case_id, values
from chassis.http.app import create_api
from chassis.settings import Settings
from referral.app import SERVICE


def document(path: str, schema: dict[str, Any], **operation: Any) -> dict[str, Any]:
    return {
        "paths": {
            path: {
                "post": {
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Body"}}}},
                    **operation,
                }
            }
        },
        "components": {
            "schemas": {"Body": schema},
            "parameters": {"Tag": {"name": "If-Match", "in": "header", "required": True}},
        },
    }


def referrals(schema: dict[str, Any], **operation: Any) -> Api:
    return Api("abc", document("/cases/{case}/referrals", schema, **operation))


def fields(*names: str, required: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    return {"properties": {name: {} for name in names}, "required": list(required), **more}


def test_a_path_is_known_whatever_its_parameters_are_called() -> None:
    assert referrals(fields()).path(REFER) == "/cases/{}/referrals"


def test_a_path_that_a_build_does_not_have_is_named() -> None:
    with pytest.raises(Incomparable, match=r"abc has no POST /cases/\{\}/consents to grant a consent"):
        referrals(fields()).path(GRANT_CONSENT)


def test_a_body_has_what_the_build_knows_and_nothing_else() -> None:
    body = referrals(fields("priority", "needs", "colour", required=("priority", "needs"))).body(REFER)
    assert body == {"priority": values()["priority"], "needs": values()["needs"]}


def test_what_only_the_build_requires_comes_from_its_own_example() -> None:
    schema = fields("priority", "colour", required=("priority", "colour"), example={"colour": "red", "priority": "low"})
    assert referrals(schema).body(REFER) == {"priority": values()["priority"], "colour": "red"}


def test_a_field_that_nobody_can_guess_is_named() -> None:
    with pytest.raises(Incomparable, match=r"requires 'colour': give it a value"):
        referrals(fields("colour", required=("colour",))).body(REFER)


def test_a_required_header_that_nobody_knows_is_named() -> None:
    parameters = [{"$ref": "#/components/parameters/Tag"}]
    with pytest.raises(Incomparable, match="requires header If-Match"):
        referrals(fields("priority"), parameters=parameters).body(REFER)


def test_the_key_and_the_path_are_what_every_build_asks_for() -> None:
    parameters = [
        {"name": "case", "in": "path", "required": True},
        {"name": "Idempotency-Key", "in": "header", "required": True},
        {"name": "If-Match", "in": "header", "required": False},
    ]
    assert referrals(fields("priority"), parameters=parameters).body(REFER) == {"priority": values()["priority"]}


@pytest.mark.parametrize("answer", [{"case_id": "7", "id": "8"}, {"id": "7"}])
def test_a_new_case_is_named_by_its_answer(answer: dict[str, str]) -> None:
    assert case_id(answer) == "7"


def test_an_answer_that_names_no_case_is_shown_by_its_fields() -> None:
    with pytest.raises(Incomparable, match="reference"):
        case_id({"reference": "7"})


def test_the_shipped_service_is_asked_as_its_own_document_wants_it() -> None:
    shipped = create_api(SERVICE, Settings(auth_issuer="x", auth_jwks="unused")).openapi()
    api, schemas = Api("this build", shipped), shipped["components"]["schemas"]
    for step, name in ((OPEN_CASE, "NewCase"), (GRANT_CONSENT, "NewConsent"), (REFER, "NewReferral")):
        body = api.body(step)
        assert set(schemas[name]["required"]) <= body.keys() <= schemas[name]["properties"].keys()
