"""Which services' APIs the pages ask."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.unencrypted import is_here
from journey.contracts.operations import SERVICES


class ParkedSettings(BaseSettings):
    """Where people look after what services have parked, by journey's pages: the APIs that these ask in their name."""

    model_config = SettingsConfigDict(env_prefix="JOURNEY_PARKED_", extra="ignore")

    referral_url: str = Field(default="", description="the API of referral; left out: its parked records are not shown")
    training_url: str = ""
    counselling_url: str = ""
    placement_url: str = ""
    journey_url: str = Field(default="", description="journey parks records, too")
    clear_reason: str = Field(
        default="", description="why people's tokens may go to them in clear text; else each address is https://"
    )

    @model_validator(mode="after")
    def _safe(self) -> Self:
        for service, address in self.addresses.items():
            name, parts = f"JOURNEY_PARKED_{service.upper()}_URL", urlsplit(address)
            if not parts.hostname or parts.scheme not in {"https", "http"} or parts.query or parts.fragment:
                raise ValueError(f"{name}: give the address of the API, such as https://referral.example.org")
            if parts.scheme == "http" and not is_here(parts.hostname) and not self.clear_reason.strip():
                raise ValueError(
                    f"{name}: use https://, or write down in JOURNEY_PARKED_CLEAR_REASON why the network in between is"
                    " safe"
                )
        return self

    @property
    def addresses(self) -> dict[str, str]:
        """The address of each API that is named."""
        found = {service: getattr(self, f"{service}_url").rstrip("/") for service in (*SERVICES, "journey")}
        return {service: address for service, address in found.items() if address}
