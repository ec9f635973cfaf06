"""What this service can be told beyond what every service can."""

from __future__ import annotations

from typing import Final

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

TRACE_ID: Final = "{trace_id}"


class JourneySettings(BaseSettings):
    """Where traces can be looked at, outside of the chain."""

    model_config = SettingsConfigDict(env_prefix="JOURNEY_", extra="ignore")

    trace_url_template: str = Field(
        default="",
        description="address of a trace with {trace_id} in it, such as https://traces.example.org/{trace_id}",
    )

    @field_validator("trace_url_template")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if value and not (value.startswith(("https://", "http://")) and TRACE_ID in value):
            raise ValueError(
                "JOURNEY_TRACE_URL_TEMPLATE: give an address of the web with {trace_id} in it, or leave it out"
            )
        return value
