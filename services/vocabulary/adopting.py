"""Why a desk does not get a case that it has asked a centre for, where nobody has decided that: codes of
`adoption_decline_reasons`."""

from __future__ import annotations

from typing import Final

NO_FILE: Final = "no_file"
"""The centre has nothing of the person any more."""
NOT_ANSWERED: Final = "not_answered"
"""Nobody has answered in time."""
