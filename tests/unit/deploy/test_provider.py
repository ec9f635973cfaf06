"""The local stack's OpenID provider keeps the rules that any other one has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from deploy.local.issuer import CLIENT
from journey.sign_in.provider import Attempt
from journey.sign_in.settings import CALLBACK
from tests.support.journey.signing_in import PAGES, PROVIDER, Signing


@pytest.fixture
def signing(tmp_path: Path) -> Signing:
    return Signing(tmp_path)


@pytest.fixture
async def client(signing: Signing) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=signing.transport, base_url=PROVIDER) as client:
        yield client


GOOD = {
    "client_id": CLIENT,
    "redirect_uri": PAGES + CALLBACK,
    "response_type": "code",
    "code_challenge": "x" * 43,
    "code_challenge_method": "S256",
    "state": "s",
    "nonce": "n",
}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_id": "another"}, "unauthorized_client"),
        ({"redirect_uri": "https://evil.test/callback"}, "unauthorized_client"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"resource": "https://evil.test"}, "invalid_target"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_request_that_it_does_not_know_leads_nowhere(
    client: httpx.AsyncClient, method: str, change: dict[str, str], error: str
) -> None:
    asked = {**GOOD, **change}
    sent = {"params": asked} if method == "GET" else {"data": {**asked, "role": "operator", "org": "programme:desk"}}
    answer = await client.request(method, "/authorize", **sent)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()) == (400, {"error": error})


async def test_its_page_shows_what_was_asked_as_text(client: httpx.AsyncClient) -> None:
    answer = await client.get("/authorize", params={**GOOD, "state": '"><script>alert(1)</script>'})
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text


async def test_nobody_signs_in_as_the_system(client: httpx.AsyncClient) -> None:
    page = (await client.get("/authorize", params=GOOD)).text
    assert "<option selected>operator</option>" in page
    assert "<option>system</option>" not in page


@pytest.mark.parametrize("auth", [None, (CLIENT, "wrong"), ("another", "wrong")])
async def test_a_token_is_given_to_the_client_with_its_secret_only(
    client: httpx.AsyncClient, auth: tuple[str, str] | None
) -> None:
    answer = await client.post("/token", data={"grant_type": "authorization_code", "code": "x"}, auth=auth)
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


async def test_a_code_is_for_the_address_that_it_was_sent_to(signing: Signing, client: httpx.AsyncClient) -> None:
    attempt = Attempt.new()
    answer = await signing.chosen(await signing.provider.address(attempt))
    secret = signing.issuer.client_secret_file.read_text().strip()
    form = {"grant_type": "authorization_code", "code": answer["code"], "code_verifier": attempt.verifier}
    sent = await client.post("/token", data={**form, "redirect_uri": "https://evil.test"}, auth=(CLIENT, secret))
    assert (sent.status_code, sent.json()) == (400, {"error": "invalid_grant"})


async def test_an_access_token_is_for_no_more_than_was_asked_for(tmp_path: Path) -> None:
    signing = Signing(tmp_path, resources="perspektive-heimat:referral")
    attempt = Attempt.new(acts=True)
    answer = await signing.chosen(await signing.provider.address(attempt))
    form = {"grant_type": "authorization_code", "code": answer["code"], "code_verifier": attempt.verifier}
    form |= {"redirect_uri": PAGES + CALLBACK, "resource": "perspektive-heimat:training"}
    secret = signing.issuer.client_secret_file.read_text().strip()
    async with httpx.AsyncClient(transport=signing.transport, base_url=PROVIDER) as client:
        sent = await client.post("/token", data=form, auth=(CLIENT, secret))
    assert (sent.status_code, sent.json()) == (400, {"error": "invalid_target"})


async def test_it_sends_nobody_elsewhere_after_signing_out(client: httpx.AsyncClient) -> None:
    for asked in ({"post_logout_redirect_uri": "https://evil.test/pages", "client_id": CLIENT}, {"client_id": CLIENT}):
        assert (await client.get("/end-session", params=asked)).status_code == 400
