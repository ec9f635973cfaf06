"""Where people sign in, and for how long."""

from __future__ import annotations

from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.settings import read_secret
from chassis.unencrypted import is_here

CALLBACK = "/pages/sign-in/callback"
SIGNED_OUT = "/pages/signed-out"


class SignInSettings(BaseSettings):
    """Read with the prefix `JOURNEY_OIDC_`. Without an issuer nobody can sign in, and the pages say so."""

    model_config = SettingsConfigDict(env_prefix="JOURNEY_OIDC_", extra="ignore")

    issuer: str = Field(default="", description="of the OpenID provider; its discovery document lies below it")
    client_id: str = Field(default="", description="as which the pages are registered there")
    client_secret_file: Path | None = Field(
        default=None, description="file of the client's secret; none: public client"
    )
    redirect_url: str = Field(default="", description=f"where browsers reach this service, with the path {CALLBACK}")
    scopes: str = Field(default="openid", description="those with which ID tokens carry the claims roles and org")
    resources: str = Field(
        default="", description="audiences of the access token, with spaces in between: each is a `resource` (RFC 8707)"
    )
    audience: str = Field(
        default="", description="the same for providers that want the parameter `audience` in place of `resource`"
    )
    session_hours: float = Field(default=2, gt=0, le=24, description="after that everybody signs in again")
    idle_minutes: float = Field(default=30, gt=0, le=480, description="who looks at nothing for so long signs in again")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.issuer:
            return self
        if not self.client_id:
            raise ValueError("JOURNEY_OIDC_CLIENT_ID: name the client that the provider knows")
        if urlsplit(self.redirect_url).path != CALLBACK:
            raise ValueError(f"JOURNEY_OIDC_REDIRECT_URL: its path must be {CALLBACK}")
        for name, address in (("ISSUER", self.issuer), ("REDIRECT_URL", self.redirect_url)):
            require_safe(address, f"JOURNEY_OIDC_{name}")
        return self

    @property
    def wanted_access(self) -> dict[str, str | list[str]]:
        """What is asked for beside the ID token, with the sign-in and with its code. Some providers go by `scopes`."""
        resources = self.resources.split()
        asked: dict[str, str | list[str]] = {"resource": resources} if resources else {}
        return asked | ({"audience": self.audience} if self.audience else {})

    @property
    def is_safe(self) -> bool:
        """Whether browsers come over TLS: only then can a cookie demand it."""
        return self.redirect_url.startswith("https://")

    @property
    def client_secret(self) -> str | None:
        """Read anew for each sign-in: it may be rotated while the process runs."""
        return None if self.client_secret_file is None else read_secret(self.client_secret_file)


def require_safe(address: str, name: str) -> None:
    """Raises `ValueError` for an address over which codes, keys or cookies would cross a network in clear text."""
    parts = urlsplit(address)
    if not parts.hostname or parts.scheme not in {"https", "http"}:
        raise ValueError(f"{name}: give a whole address, such as https://login.example.org")
    if parts.scheme == "http" and not is_here(parts.hostname):
        raise ValueError(f"{name}: use https://")
