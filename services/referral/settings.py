"""What only the referral service must be told."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.settings import read_secret

KEY_BYTES = 32


class ReferralSettings(BaseSettings):
    """Read from the environment, like all settings."""

    model_config = SettingsConfigDict(extra="ignore")

    profile_key_file: Path = Field(description="file with 32 random bytes in base64: wraps the data keys of profiles")

    def profile_key(self) -> bytes:
        """The key. Raises `ValueError` that names the file and the remedy."""
        try:
            key = base64.b64decode(read_secret(self.profile_key_file).encode(), validate=True)
        except (UnicodeDecodeError, binascii.Error):
            key = b""
        if len(key) != KEY_BYTES:
            raise ValueError(
                f"PROFILE_KEY_FILE {self.profile_key_file} does not hold 32 bytes in base64: "
                "make one with `head -c 32 /dev/urandom | base64`"
            )
        return key
