"""What an HTTP API takes: nothing that its model does not name, and an example for whoever reads the API."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict


def body(**example: Any) -> ConfigDict:
    """The `model_config` of a body: fields that it does not name are refused; the API's document shows `example`."""
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [example]})
