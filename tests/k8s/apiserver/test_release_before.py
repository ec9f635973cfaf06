"""This tree goes over the release before it, at a real API server."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deploy.local.places import StackError
from tests.k8s.apiserver.kubectl import Applying
from tests.k8s.apiserver.releases import Tree, after, before

pytestmark = pytest.mark.timeout(1200)


@pytest.mark.parametrize("overlay", ["overlays/local", "overlays/production"])
def test_this_tree_is_taken_over_the_release_before_it(applying: Applying, overlay: str, tmp_path: Path) -> None:
    """BEFORE=<commit> names it; else it is the newest tag, or what was committed last."""
    try:
        earlier = Tree.of_commit(os.environ.get("BEFORE") or before(), tmp_path / "before")
    except StackError as error:
        pytest.skip(f"The release before this one is not here: {error}")
    tree = Tree.present(tmp_path / "k8s")
    if tree.version(overlay) == earlier.version(overlay):
        tree.cut(overlay, tag=after(earlier.version(overlay)))
    present = earlier.render(overlay)
    there = applying(present)
    assert there.accepted, there.text
    answer = applying(tree.render(overlay), over=present)
    assert answer.accepted, answer.text
