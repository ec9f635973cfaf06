"""Every refusal of this service: its code, what is wrong, and what to do about it."""

from __future__ import annotations

from typing import Final

from vocabulary.refusals import not_found

CASE_NOT_FOUND: Final = not_found("case", "Check the id. What was told of a case stays until its term is over.")
