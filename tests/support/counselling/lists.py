"""The lists of counselling: what names their items, and how they can be ordered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

IDS = {"/inbox": "referral_id", "/files": "case_id"}
ORDERS: Mapping[str, Mapping[str, Callable[[dict[str, Any]], Any]]] = {
    "/inbox": {"answer_due_at": lambda item: item["answer_due_at"], "received_at": lambda item: item["received_at"]},
    "/files": {"arrived_on": lambda item: item["arrival"]["arrived_on"] if item["arrival"] else "not yet"},
}
"""The orders of each list besides `id` and `updated_at`, as they show in its items."""
