"""What a start shows while it waits."""

from __future__ import annotations

import pytest

from deploy.local.progress import Progress
from deploy.local.setup_progress import Line


def test_each_step_is_shown_with_the_stages_that_follow_it(capsys: pytest.CaptureFixture[str]) -> None:
    say = Progress(("one", "two", "three"))
    for step in ("one", "two: half of it", "three", "stopping"):
        say(step)
    lines = [line.split(" s  ")[1] for line in capsys.readouterr().out.splitlines()]
    assert lines == ["one; still to come: two, three", "two: half of it; still to come: three", "three", "stopping"]


def test_where_lines_are_kept_an_update_is_one_only_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    line = Line(())
    line.say("begun")
    for number in range(100):
        line.say(f"update {number}", new=False)
    line.say("ended")
    line.done()
    assert [text.split(" s  ")[1] for text in capsys.readouterr().out.splitlines()] == ["begun", "ended"]


def test_a_terminal_has_one_line_that_changes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    line = Line(("a", "b"))
    line.say("begun")
    line.say("update", new=False)
    line.done()
    text = capsys.readouterr().out
    assert text.count("\n") == 1
    assert text.endswith("update; still to come: a, b\n")
