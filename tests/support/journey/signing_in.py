"""A browser that signs in to the pages at the local stack's provider, all of it inside of the test's process."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from chassis.http.auth import ID_TOKEN_TYPES, Authenticator
from chassis.http.jwks import KeyCache
from deploy.local.issuer import CLIENT, Issuer
from deploy.local.provider import Provider as LocalProvider
from journey.sign_in.provider import Provider
from journey.sign_in.settings import CALLBACK, SignInSettings
from vocabulary.roles import ORG_KINDS

PROVIDER = "http://127.0.0.1:8100"
PAGES = "http://127.0.0.1:8105"


class Signing:
    """The local provider, and what asks it. `settings` are those of the pages."""

    def __init__(
        self,
        directory: Path,
        *,
        address: str = PAGES,
        provider: str = PROVIDER,
        transport: httpx.AsyncBaseTransport | None = None,
        **settings: Any,
    ) -> None:
        self.issuer = Issuer(directory)
        self.issuer.make()
        secret = self.issuer.client_secret_file
        self.local = LocalProvider(provider, self.issuer, secret.read_text().strip(), [address + CALLBACK])
        self.transport = transport or httpx.ASGITransport(self.local.app())
        self.settings = SignInSettings(
            **{
                "issuer": provider,
                "client_id": CLIENT,
                "client_secret_file": secret,
                "redirect_url": address + CALLBACK,
                **settings,
            }
        )
        keys = KeyCache(self.issuer.jwks_file.read_bytes)
        tokens = Authenticator(provider, CLIENT, "unused", org_kinds=ORG_KINDS, types=ID_TOKEN_TYPES, keys=keys)
        self.provider = Provider(self.settings, ORG_KINDS, transport=self.transport, tokens=tokens)

    async def chosen(
        self,
        address: str,
        role: str = "operator",
        org: str = "programme:operations",
        browser: httpx.AsyncClient | None = None,
    ) -> dict[str, str]:
        """What the browser comes back with, once somebody has chosen who they are on the provider's page. Without
        `browser`, one that the provider has never seen."""
        client = browser or httpx.AsyncClient(transport=self.transport)
        page = await client.get(address)
        assert page.status_code == 200, page.text
        fields: dict[str, Any] = {}
        for name, value in re.findall(r'name="([a-z_]+)" value="([^"]*)"', page.text):
            fields.setdefault(name, []).append(value)
        answer = await client.post(address, data={**fields, "role": role, "org": org})
        assert answer.status_code == 303, answer.text
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def query(address: str) -> Mapping[str, str]:
    """The parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
