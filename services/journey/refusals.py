"""Every refusal of this service: its code, what is wrong, and what to do about it."""

from __future__ import annotations
