"""What of the source goes into an image; `make k8s` installs the packages and runs the whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.image import content


def test_an_image_has_the_services_code_lists_and_topics_and_nothing_else_of_the_source(
    root: Path, tmp_path: Path
) -> None:
    content._copy_source(tmp_path)
    copied = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    source = [path for suffix in ("py", "sql", "html", "css") for path in (root / "services").rglob(f"*.{suffix}")]
    wanted = {path.relative_to(root) for path in source}
    wanted |= {path.relative_to(root) for path in (root / "schemas" / "reference").glob("*.csv")}
    wanted |= {Path("schemas/topics.yaml")}
    assert copied == wanted
    assert Path("services/referral/app.py") in copied


def test_compiled_code_is_the_same_wherever_it_is_built(tmp_path: Path) -> None:
    built = []
    for name in ("here", "there"):
        module = tmp_path / name / "services" / "toy.py"
        module.parent.mkdir(parents=True)
        module.write_text("def f():\n    raise ValueError\n")
        content._compile(tmp_path / name)
        built.append(next(module.parent.glob("__pycache__/toy.*.pyc")).read_bytes())
    assert built[0] == built[1]
    assert b"/app/services/toy.py" in built[0]


def test_a_python_without_pip_is_named_before_anything_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "find_spec", lambda _: None)
    with pytest.raises(content.AssemblyError, match="has no pip: run it with a Python that has"):
        content.assemble(tmp_path / "app", ["services"])
    assert not (tmp_path / "app").exists()
