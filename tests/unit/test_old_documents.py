"""Documents that earlier versions have stored are still read: a field that is new has a default.

`tests/support/documents/<service>/<table>.json` holds documents as the story of `make run` has left them. They
are never written anew. Whoever adds a table adds a file; whoever adds a field adds nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chassis.pure.states import Codec, Kind
from tests.support.services import ALL

FOLDER = Path(__file__).resolve().parents[1] / "support" / "documents"
KINDS = [
    pytest.param(service.name, kind, id=f"{service.name}.{kind.table}") for service in ALL for kind in service.kinds
]


def kept(old: Any, new: Any) -> bool:
    """Whether everything of the old value is in the new one, which may say more."""
    if isinstance(old, dict) and isinstance(new, dict):
        return all(name in new and kept(value, new[name]) for name, value in old.items())
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(kept, old, new))
    return bool(old == new)


@pytest.mark.parametrize(("service", "kind"), KINDS)
def test_an_old_document_is_read_and_keeps_all_that_it_says(service: str, kind: Kind[Any]) -> None:
    codec = Codec(kind)
    documents = json.loads((FOLDER / service / f"{kind.table}.json").read_text(encoding="utf-8"))
    assert documents
    for document in documents:
        assert kept(document, json.loads(codec.dump(codec.load(json.dumps(document)))))


def test_the_judge_of_documents_sees_what_is_lost() -> None:
    assert kept({"a": [{"b": 1}]}, {"a": [{"b": 1, "new": 2}], "c": None})
    assert not kept({"a": [{"b": 1}]}, {"a": [{"b": 2}]})
    assert not kept({"a": [1]}, {"a": []})
    assert not kept({"a": 1}, {})
