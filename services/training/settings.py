"""What this service can be told beyond what every service can."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class TrainingSettings(BaseSettings):
    """Numbers of the field that somebody may want to change, with their source."""

    model_config = SettingsConfigDict(env_prefix="TRAINING_", extra="ignore")

    days_before_departure: int = Field(
        default=3,
        ge=0,
        le=30,
        description="working days, of the provider's Land, between the end of a course and the earliest departure; "
        "an inference of this project (docs/domain.md: ends-before-departure)",
    )
    waiting_list_limit: int = Field(
        default=100,
        ge=0,
        le=200,
        description="people on the waiting list of one session, half of the most seats; "
        "an inference of this project (docs/domain.md: waiting-list-limit)",
    )
