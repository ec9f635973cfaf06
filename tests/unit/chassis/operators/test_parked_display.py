"""What an operator is told to do about a parked record."""

from __future__ import annotations

from chassis.operators.parked_display import OTHERWISE, printable, remedy


def test_escape_sequences_cannot_steer_the_terminal() -> None:
    assert printable("\x1b[2Jé\n\x9b\u202e") == "\\x1b[2J\u00e9\\n\\x9b\\u202e".replace("\u00e9", "é")


def test_every_failure_has_a_remedy_and_a_refusal_by_a_rule_the_general_one() -> None:
    assert "not JSON" in remedy("json_invalid")
    assert remedy("seat_taken") == OTHERWISE
