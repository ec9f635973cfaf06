"""Sign-in against the local stack's provider: a code, PKCE, state and nonce, and every way in which it is refused."""

from __future__ import annotations

import asyncio
import json
import time
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from chassis.http.auth import Authenticator
from chassis.http.jwks import KeyCache
from chassis.http.problems import Problem
from deploy.local.issuer import AUDIENCES, CLIENT, ISSUER
from journey.sign_in.provider import CODES_AT_ONCE, PAUSE_SECONDS, Attempt, Provider
from journey.sign_in.settings import CALLBACK, SignInSettings
from tests.support.journey.signing_in import PAGES, PROVIDER, Signing, query


@pytest.fixture
def signing(tmp_path: Path) -> Signing:
    return Signing(tmp_path)


async def refused(signing: Signing, attempt: Attempt, answer: dict[str, str], code: str) -> Problem:
    with pytest.raises(Problem) as raised:
        await signing.provider.person(attempt, answer)
    assert raised.value.code == code, raised.value.detail
    return raised.value


async def test_whoever_signs_in_has_the_role_and_the_organisation_that_the_provider_vouches_for(
    signing: Signing,
) -> None:
    attempt = Attempt.new()
    answer = await signing.chosen(await signing.provider.address(attempt), "centre_counsellor", "centre:NG-LOS")
    who, _access = await signing.provider.person(attempt, answer)
    assert (who.roles, who.org) == (frozenset({"centre_counsellor"}), "centre:NG-LOS")


async def test_the_provider_is_asked_for_a_code_with_a_challenge_that_hides_the_verifier(signing: Signing) -> None:
    attempt = Attempt.new()
    asked = query(await signing.provider.address(attempt))
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    hashed = urlsafe_b64encode(sha256(attempt.verifier.encode()).digest()).rstrip(b"=").decode()
    assert asked["code_challenge"] == hashed
    assert attempt.verifier not in asked.values()
    assert attempt.secret not in asked.values()
    assert len(attempt.verifier) >= 43  # RFC 7636, 4.1
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3


SERVICES = "perspektive-heimat:referral perspektive-heimat:training"


async def test_an_access_token_for_the_services_comes_with_the_sign_in(tmp_path: Path) -> None:
    signing = Signing(tmp_path, resources=SERVICES)
    attempt = Attempt.new(acts=True)
    address = await signing.provider.address(attempt)
    assert parse_qs(urlsplit(address).query)["resource"] == SERVICES.split()
    who, access = await signing.provider.person(attempt, await signing.chosen(address))
    assert access is not None
    assert 0 < access.seconds <= 2 * 3600
    keys = KeyCache(signing.issuer.jwks_file.read_bytes)
    for audience in SERVICES.split():
        assert (
            await Authenticator(ISSUER, audience, "unused", keys=keys).authenticate(f"Bearer {access.token}")
        ) == who
    with pytest.raises(Problem) as raised:
        await Authenticator(ISSUER, AUDIENCES["placement"], "unused", keys=keys).authenticate(f"Bearer {access.token}")
    assert "another audience" in raised.value.detail


async def test_a_sign_in_that_acts_nowhere_asks_for_no_audience_and_keeps_no_token(tmp_path: Path) -> None:
    """A provider may refuse the sign-in of somebody to whom it gives none of these audiences."""
    signing = Signing(tmp_path, resources=SERVICES, audience="the-chain")
    attempt = Attempt.new()
    address = await signing.provider.address(attempt)
    assert not {"resource", "audience"} & parse_qs(urlsplit(address).query).keys()
    _who, access = await signing.provider.person(attempt, await signing.chosen(address))
    assert access is None


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({}, {}),
        ({"resources": SERVICES}, {"resource": SERVICES.split()}),
        ({"audience": "the-chain"}, {"audience": ["the-chain"]}),
        ({"scopes": "openid operations"}, {"scope": ["openid operations"]}),
    ],
)
async def test_any_provider_is_asked_for_it_in_its_own_way_with_the_sign_in_and_with_the_code(
    tmp_path: Path, settings: dict[str, str], asked: dict[str, list[str]]
) -> None:
    signing = Signing(tmp_path, **settings)
    seen: list[dict[str, list[str]]] = []
    token = signing.local.token

    async def noted(request: Any) -> Any:
        seen.append(parse_qs((await request.body()).decode()))
        return await token(request)

    signing.local.token = noted  # type: ignore[method-assign]
    signing.provider._transport = httpx.ASGITransport(signing.local.app())
    attempt = Attempt.new(acts=True)
    address = await signing.provider.address(attempt)
    await signing.provider.person(attempt, await signing.chosen(address))
    names = ("resource", "audience")
    told = {name: values for name, values in parse_qs(urlsplit(address).query).items() if name in {*names, *asked}}
    assert told == asked
    assert {name: seen[0][name] for name in names if name in seen[0]} == {
        name: asked[name] for name in names if name in asked
    }


async def test_an_answer_to_another_browsers_sign_in_is_refused(signing: Signing) -> None:
    mine, theirs = Attempt.new(), Attempt.new()
    answer = await signing.chosen(await signing.provider.address(theirs))
    await refused(signing, mine, answer, "state_mismatch")
    await refused(signing, mine, {"code": answer["code"]}, "state_mismatch")


async def test_a_stolen_code_is_worth_nothing_without_the_verifier(signing: Signing) -> None:
    mine, theirs = Attempt.new(), Attempt.new()
    answer = await signing.chosen(await signing.provider.address(theirs))
    await refused(signing, mine, {**answer, "state": mine.state}, "code_refused")


async def test_a_code_is_good_once(signing: Signing) -> None:
    attempt = Attempt.new()
    answer = await signing.chosen(await signing.provider.address(attempt))
    await signing.provider.person(attempt, answer)
    await refused(signing, attempt, answer, "code_refused")


async def test_a_code_is_good_for_a_minute(signing: Signing, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = Attempt.new()
    answer = await signing.chosen(await signing.provider.address(attempt))
    later = time.monotonic() + 61
    monkeypatch.setattr("deploy.local.provider.time.monotonic", lambda: later)
    await refused(signing, attempt, answer, "code_refused")


async def test_somebody_whom_the_provider_refuses_is_told_so(signing: Signing) -> None:
    attempt = Attempt.new()
    problem = await refused(signing, attempt, {"error": "access_denied", "state": attempt.state}, "sign_in_refused")
    assert problem.status == 403


async def test_an_answer_of_another_issuer_is_refused(signing: Signing) -> None:
    attempt = Attempt.new()
    answer = await signing.chosen(await signing.provider.address(attempt))
    await refused(signing, attempt, {**answer, "iss": "https://evil.test"}, "issuer_mismatch")


Change = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ({"nonce": "of another sign-in"}, "nonce_mismatch", "another sign-in"),
        ({"nonce": None}, "nonce_mismatch", "another sign-in"),
        ({"aud": "another-client"}, "token_unusable", "another audience"),
        ({"aud": [CLIENT, "another-client"]}, "party_mismatch", "another client"),
        ({"aud": [CLIENT, "another-client"], "azp": "another-client"}, "party_mismatch", "another client"),
        ({"azp": "another-client"}, "party_mismatch", "another client"),
        ({"iss": "https://evil.test"}, "token_unusable", "another issuer"),
        ({"exp": 1}, "token_unusable", "expired"),
        ({"iat": 4_000_000_000, "exp": 4_000_000_100}, "token_unusable", "future"),
        ({"roles": None}, "token_unusable", "roles"),
        ({"roles": "operator"}, "token_unusable", "roles"),
        ({"org": "planet:mars"}, "token_unusable", "org"),
        ({"typ": "at+jwt"}, "token_unusable", "no ID token"),
    ],
)
async def test_a_token_that_is_not_of_this_sign_in_is_refused(
    signing: Signing, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], code: str, says: str
) -> None:
    signed = signing.issuer._signed

    def changed(type_: str, claims: dict[str, Any], lifetime: int) -> str:
        return _with(signing, signed(type_, claims, lifetime), change)

    monkeypatch.setattr(signing.issuer, "_signed", changed)
    attempt = Attempt.new()
    answer = await signing.chosen(await signing.provider.address(attempt))
    problem = await refused(signing, attempt, answer, code)
    assert says in problem.detail


def _with(signing: Signing, token: str, change: dict[str, Any]) -> str:
    """The same token with other claims or another type, signed with the very same key."""
    from base64 import urlsafe_b64decode

    from joserfc import jwt
    from joserfc.jwk import OKPKey

    payload = token.split(".")[1]
    claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    claims |= {name: value for name, value in change.items() if name != "typ"}
    key = OKPKey.import_key(json.loads((signing.issuer.jwks_file.parent / "issuer.jwk").read_text()))
    claims = {name: value for name, value in claims.items() if value is not None}
    header = {"alg": "Ed25519", "kid": key.kid, "typ": change.get("typ", "JWT")}
    return jwt.encode(header, claims, key, algorithms=["Ed25519"])


async def test_a_token_of_several_audiences_is_taken_if_it_was_made_for_this_client(
    signing: Signing, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = signing.issuer._signed
    change = {"aud": [CLIENT, "another-client"], "azp": CLIENT}
    monkeypatch.setattr(signing.issuer, "_signed", lambda *each: _with(signing, signed(*each), change))
    attempt = Attempt.new()
    who, _access = await signing.provider.person(attempt, await signing.chosen(await signing.provider.address(attempt)))
    assert who.roles == {"operator"}


def answering(**answers: Any) -> Provider:
    """What asks a provider that says this of itself."""

    def handle(request: httpx.Request) -> httpx.Response:
        document = {
            "issuer": PROVIDER,
            "authorization_endpoint": f"{PROVIDER}/authorize",
            "token_endpoint": f"{PROVIDER}/token",
            "jwks_uri": f"{PROVIDER}/jwks",
            **answers,
        }
        return httpx.Response(answers.get("status", 200), json=document)

    settings = SignInSettings(issuer=PROVIDER, client_id=CLIENT, redirect_url=PAGES + CALLBACK)
    return Provider(settings, transport=httpx.MockTransport(handle))


@pytest.mark.parametrize(
    "answers",
    [
        {"issuer": "https://evil.test"},
        {"token_endpoint": "http://evil.test/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"status": 500},
        {"issuer": PROVIDER, "padding": "x" * 300_000},
    ],
)
async def test_a_provider_that_says_what_cannot_be_trusted_signs_nobody_in(answers: dict[str, Any]) -> None:
    with pytest.raises(Problem) as raised:
        await answering(**answers).address(Attempt.new())
    assert (raised.value.status, raised.value.code) == (503, "provider_unreachable")


async def test_a_provider_that_is_out_of_reach_is_a_matter_of_time() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    settings = SignInSettings(issuer=PROVIDER, client_id=CLIENT, redirect_url=PAGES + CALLBACK)
    with pytest.raises(Problem) as raised:
        await Provider(settings, transport=httpx.MockTransport(handle)).address(Attempt.new())
    assert raised.value.headers["Retry-After"] == "5"


async def test_a_discovery_document_is_read_once_an_hour() -> None:
    asked: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        ends = {"authorization_endpoint": "/a", "token_endpoint": "/t", "jwks_uri": "/j"}
        return httpx.Response(200, json={"issuer": PROVIDER, **{name: PROVIDER + end for name, end in ends.items()}})

    settings = SignInSettings(issuer=PROVIDER, client_id=CLIENT, redirect_url=PAGES + CALLBACK)
    provider = Provider(settings, transport=httpx.MockTransport(handle))
    for _ in range(3):
        await provider.address(Attempt.new())
    assert asked == [f"{PROVIDER}/.well-known/openid-configuration"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"client_id": ""}, "JOURNEY_OIDC_CLIENT_ID"),
        ({"redirect_url": "https://journey.test/"}, "JOURNEY_OIDC_REDIRECT_URL"),
        ({"redirect_url": f"http://journey.test{CALLBACK}"}, "JOURNEY_OIDC_REDIRECT_URL"),
        ({"issuer": "http://login.test"}, "JOURNEY_OIDC_ISSUER"),
        ({"issuer": "login.test"}, "JOURNEY_OIDC_ISSUER"),
    ],
)
def test_a_setting_by_which_a_code_or_a_cookie_could_be_read_on_the_way_is_refused(
    changes: dict[str, str], says: str
) -> None:
    good = {"issuer": "https://login.test", "client_id": "x", "redirect_url": f"https://journey.test{CALLBACK}"}
    assert SignInSettings(**good).is_safe
    with pytest.raises(ValueError, match=says):
        SignInSettings(**{**good, **changes})


def test_without_an_issuer_nothing_else_is_needed() -> None:
    assert SignInSettings().issuer == ""


async def test_a_provider_that_remembers_somebody_asks_again_if_it_is_to(signing: Signing) -> None:
    async with httpx.AsyncClient(transport=signing.transport) as browser:
        await signing.chosen(await signing.provider.address(Attempt.new()), browser=browser)
        silent = await browser.get(await signing.provider.address(Attempt.new()))
        assert silent.status_code == 303
        anew = Attempt.new(anew=True)
        assert (await browser.get(await signing.provider.address(anew))).status_code == 200
        answer = await signing.chosen(await signing.provider.address(anew), "scout", "scouts:bavaria", browser)
        assert (await signing.provider.person(anew, answer)).who.org == "scouts:bavaria"


@pytest.mark.parametrize("asked_at", [None, "now", 1])
async def test_a_token_of_somebody_who_was_not_asked_anew_is_refused(
    signing: Signing, monkeypatch: pytest.MonkeyPatch, asked_at: Any
) -> None:
    signed = signing.issuer._signed
    monkeypatch.setattr(signing.issuer, "_signed", lambda *each: _with(signing, signed(*each), {"auth_time": asked_at}))
    attempt = Attempt.new(anew=True)
    await refused(signing, attempt, await signing.chosen(await signing.provider.address(attempt)), "not_asked_anew")


async def test_signing_out_leads_to_where_the_provider_ends_its_own_session(signing: Signing) -> None:
    async with httpx.AsyncClient(transport=signing.transport) as browser:
        await signing.chosen(await signing.provider.address(Attempt.new()), browser=browser)
        back = await browser.get(await signing.provider.farewell())
        assert back.headers["location"] == f"{PAGES}/pages/signed-out"
        assert (await browser.get(await signing.provider.address(Attempt.new()))).status_code == 200


@pytest.mark.parametrize("address", [None, 7, "javascript:alert(1)", "http://evil.test/out"])
async def test_a_provider_without_a_usable_place_to_sign_out_at_is_not_asked(address: Any) -> None:
    assert await answering(end_session_endpoint=address).farewell() == ""


async def told_of_a_made_up_code(provider: Provider) -> str:
    attempt = Attempt.new()
    with pytest.raises(Problem) as raised:
        await provider.person(attempt, {"code": "made up", "state": attempt.state})
    assert (raised.value.code == "too_many_sign_ins") == ("Retry-After" in raised.value.headers)
    return raised.value.code


async def test_made_up_codes_come_to_the_provider_at_a_bounded_rate(signing: Signing) -> None:
    told = Counter([await told_of_a_made_up_code(signing.provider) for _ in range(60)])
    assert told.keys() == {"code_refused", "too_many_sign_ins"}
    assert 20 <= told["code_refused"] < 30


async def test_made_up_codes_come_to_a_slow_provider_a_few_at_a_time(signing: Signing) -> None:
    here, go_on = 0, asyncio.Event()
    real = signing.transport

    async def slow(request: httpx.Request) -> httpx.Response:
        nonlocal here
        if request.method == "POST":
            here += 1
            await go_on.wait()
        return await real.handle_async_request(request)

    provider = Provider(signing.settings, transport=httpx.MockTransport(slow))
    asking = [asyncio.create_task(told_of_a_made_up_code(provider)) for _ in range(CODES_AT_ONCE + 3)]
    done, _ = await asyncio.wait(asking, timeout=5, return_when=asyncio.FIRST_COMPLETED)
    assert {each.result() for each in done} == {"too_many_sign_ins"}
    assert here == CODES_AT_ONCE
    go_on.set()
    assert Counter(await asyncio.gather(*asking)) == {"code_refused": CODES_AT_ONCE, "too_many_sign_ins": 3}


async def test_a_discovery_document_that_cannot_be_read_is_asked_for_once_and_then_after_a_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    async def handle(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        await asyncio.sleep(0)
        raise httpx.ConnectError("refused")

    settings = SignInSettings(issuer=PROVIDER, client_id=CLIENT, redirect_url=PAGES + CALLBACK)
    provider = Provider(settings, transport=httpx.MockTransport(handle))

    async def all_ask() -> None:
        raised = await asyncio.gather(*(provider.address(Attempt.new()) for _ in range(5)), return_exceptions=True)
        assert {each.code for each in raised if isinstance(each, Problem)} == {"provider_unreachable"}

    await all_ask()
    assert len(asked) == 1
    later = time.monotonic() + PAUSE_SECONDS
    monkeypatch.setattr("journey.sign_in.provider.time.monotonic", lambda: later)
    await all_ask()
    assert len(asked) == 2
