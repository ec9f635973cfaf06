"""What a digest of the chain is made of: rows that were sealed before there were grounds keep theirs."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from chassis.audit.chain import Row, beginning, digest_of

ROW = Row(7, datetime(2026, 3, 2, tzinfo=UTC), b"p" * 32, "clerk", "shop:one", "read_order", [UUID(int=1)], "shown")
SEALED = "05fa270959ad0b54106892422cb3411f7ffc8c3a931c6d32359b9980bf831053"
"""Of this row, as the first release with a chain has sealed it."""


def test_a_row_without_a_ground_has_the_digest_that_it_always_had() -> None:
    assert digest_of(beginning("till"), 1, ROW).hex() == SEALED


def test_a_ground_is_a_part_of_what_is_sealed() -> None:
    digests = {digest_of(beginning("till"), 1, ROW._replace(ground=each)) for each in (None, "danger", "violence")}
    assert len(digests) == 3
