"""Parked records for an operator's eyes: what to do about each failure, and text from outside made printable.

Escape sequences in it could otherwise steer the reader's terminal. What of a record may be shown at all, the view
`parked_envelope` says.
"""

from __future__ import annotations

from collections.abc import Mapping

REMEDIES: Mapping[str, str] = {
    "behind": "Nothing is wrong with it: it waits until the first record of its key is settled.",
    "fork": "Another event was handled under this number: its producer has begun its numbers anew (`ph restore plan`"
    " says whether its database is older than what it has told), or somebody else wrote it. Retry it by its id if it is"
    " to be handled all the same; else discard it.",
    "number_too_far": "It is numbered far beyond all that was seen of its key. Find out who wrote it; retry it by its"
    " id if records before it are lost and it is genuine, else discard it.",
    "superseded": "On this topic only the last word counts, and a newer one was handled before it. If that is genuine,"
    " discard this one. If somebody forged it, retry this by its id, unless a genuine one has come since.",
    "wrong_topic": "Whoever wrote it may write to this topic, but does not own its type. Find out who did; then discard"
    " it.",
    "wrong_source": "Whoever wrote it does not say that he owns the topic. Find out who did; then discard it.",
    "too_large": "No service of the chain writes values of this size. Find out who did; a retry reads all of it again"
    " from Kafka, as long as it is there.",
    "record_gone": "Only its beginning is kept, and Kafka no longer has it. Have it sent again; discard this one.",
    "type_missing": "Not one of our producers wrote this. Find out who did; then discard it.",
    "key_missing": "Its producer left the key out. Mend the producer, have it sent again, discard this one.",
    "key_mismatch": "Its producer used a wrong key. Mend the producer, have it sent again, discard this one.",
    "sequence_invalid": "Its producer numbers it wrongly. Mend it, have it sent again, discard this one.",
    "id_invalid": "Its producer sent no UUID as ce_id. Mend it, have it sent again, discard this one.",
    "time_invalid": "Its producer sent no proper ce_time. Mend it, have it sent again, discard this one.",
    "body_missing": "It has no value. Discard it, once its producer is mended.",
    "json_invalid": "Its value is not JSON. Find out who wrote it; then discard it.",
    "schema_violated": "Compare `detail` with the event's schema. If the producer is at fault, mend it and"
    " discard this one; if this reader is too strict, deploy a mended reader, then retry.",
    "database_refused": "The database refuses what the handler made of it: a bug of this service. Deploy a"
    " mended version, then retry.",
}
OTHERWISE = (
    "A rule of this service refused the event: its README explains the code. Bring about what it asks for and"
    " retry, or discard it if it is to have no effect here."
)


def remedy(failure: str) -> str:
    """What an operator does about a record that is parked with this code."""
    return REMEDIES.get(failure, OTHERWISE)


def printable(text: str) -> str:
    """The text with everything escaped that is not a visible character or a space."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
