"""The page of parked records on the running stack: its provider gives an access token that every service takes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from deploy.local.places import SERVICES
from tests.support.chain import Chain, until

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def provider(chain: Chain) -> AsyncIterator[str]:
    """The address of the stack's OpenID provider, once it answers."""
    chain.stack.start_provider()
    address = f"http://127.0.0.1:{chain.stack.ports.provider}"

    async def answers() -> bool:
        async with httpx.AsyncClient() as client:
            try:
                return (await client.get(f"{address}/.well-known/openid-configuration")).is_success
            except httpx.TransportError:
                return False

    await until(answers, "the provider")
    yield address
    assert chain.stack.provider is not None
    chain.stack.provider.stop(5)
    chain.stack.provider = None


async def test_an_operator_who_signs_in_sees_what_every_service_has_parked(chain: Chain, provider: str) -> None:
    async with httpx.AsyncClient(base_url=chain.stack.urls()["journey"], follow_redirects=True) as browser:
        form = await browser.get("/pages/parked")
        assert str(form.url).startswith(f"{provider}/authorize"), form.text
        fields: dict[str, list[str]] = {}
        for name, value in re.findall(r'name="([a-z_]+)" value="([^"]*)"', form.text):
            fields.setdefault(name, []).append(value)
        page = await browser.post(
            form.url, data={**fields, "role": "operator", "org": "programme:operations"}, timeout=30
        )
        assert (page.status_code, page.url.path) == (200, "/pages/parked"), page.text
        assert re.findall(r'<h2 id="([a-z]+)">', page.text) == list(SERVICES)
        assert "cannot be reached" not in page.text
        assert "does not take the token" not in page.text
