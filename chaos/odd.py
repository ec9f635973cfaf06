"""Records that make the client raise while it unpacks them, as some make aiokafka do: by a harmless stand-in.

The error is raised inside aiokafka, in the processes of the services only: whoever looks from outside reads on. It is
about the record's value, so it stays with the record, whoever reads it.
"""

from __future__ import annotations

from typing import Any

from aiokafka.consumer.fetcher import PartitionRecords

from chaos.till import flag

FOR_NOW = "odd_for_now"
"""Raises while the flag `odd` is up: a later version can unpack it. Until then it is like any other record."""
FOR_GOOD = "odd_for_good"
"""Raises always. Stands in a batch of its own: who discards it loses nothing else."""
ODD = (FOR_NOW, FOR_GOOD)


def install() -> None:
    """Makes the client raise. Costs a look at each value, and one into a directory for each odd one."""
    unpack, working = PartitionRecords._consumer_record, flag("odd")

    def unpack_or_raise(self: PartitionRecords, place: Any, record: Any) -> Any:
        value = record.value or b""
        if FOR_GOOD.encode() in value or (FOR_NOW.encode() in value and working.exists()):
            raise ValueError("buffer underrun")
        return unpack(self, place, record)

    PartitionRecords._consumer_record = unpack_or_raise
