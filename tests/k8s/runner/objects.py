"""The documents of one namespace, by kind and name, with what the API server fills in where a field is absent."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.k8s.runner import fields
from tests.k8s.runner.fields import Refused
from tests.k8s.structure.documents import selects

Document = Mapping[str, Any]


class Objects:
    """What was applied. An update replaces the object, and tells `on_files` about ConfigMaps and Secrets."""

    def __init__(self) -> None:
        self._by_name: dict[tuple[str, str], Document] = {}
        self.on_files: Callable[[str, str], None] = lambda _kind, _name: None

    def put(self, document: Document) -> bool:
        """Takes one document; False if it is there, word for word. Raises `Refused` for what is not executed."""
        kind, name = document["kind"], name_of(document)
        if kind in fields.KINDS:
            fields.check(kind, name, document.get("spec", {}))
        elif kind not in {"ConfigMap", "Secret", "ServiceAccount"} and kind not in fields.LEFT_KINDS:
            raise Refused(f"{kind} {name}: the runner knows no such kind")
        before = self._by_name.get((kind, name))
        if kind == "Job" and before is not None and _frozen(before) != _frozen(document):
            raise Refused(f"Job {name}: spec.template is immutable; a new release needs a Job of a new name")
        if kind == "Deployment" and before is not None and _selector(before) != _selector(document):
            raise Refused(f"Deployment {name}: spec.selector is immutable")
        if kind in {"ConfigMap", "Secret"} and before is not None and before.get("immutable") and before != document:
            raise Refused(f"{kind} {name}: it is immutable")
        self._by_name[kind, name] = document
        if kind in {"ConfigMap", "Secret"}:
            self.on_files(kind, name)
        return before != document

    def all(self, kind: str) -> list[Document]:
        """All objects of a kind, in order of application."""
        return [document for (of, _), document in self._by_name.items() if of == kind]

    def get(self, kind: str, name: str) -> Document | None:
        """The object, if it was applied."""
        return self._by_name.get((kind, name))

    def remove(self, kind: str, name: str) -> None:
        """Forgets it."""
        del self._by_name[kind, name]

    def data(self, kind: str, name: str) -> dict[str, bytes] | None:
        """The entries of a ConfigMap or Secret as bytes; None if there is none of that name."""
        document = self.get(kind, name)
        if document is None:
            return None
        plain, encoded = ("stringData", "data") if kind == "Secret" else ("data", "binaryData")
        entries = {key: base64.b64decode(value) for key, value in (document.get(encoded) or {}).items()}
        return entries | {key: str(value).encode() for key, value in (document.get(plain) or {}).items()}


def name_of(document: Document) -> str:
    """Its name."""
    return str(document["metadata"]["name"])


def labels_of(document: Document) -> dict[str, str]:
    """Its labels."""
    return dict(document.get("metadata", {}).get("labels") or {})


def selected(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Whether a label selector takes these labels. None takes nothing, an empty one everything."""
    return selector is not None and selects(selector, labels)


def fingerprint(template: Document) -> str:
    """A short hash of a pod template: pods of one hash are one ReplicaSet."""
    text = json.dumps(template, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:9]


def in_order(documents: Iterable[Document]) -> list[Document]:
    """As kubectl applies them: what others refer to comes first."""
    ranks = {"Namespace": 0, "ServiceAccount": 1, "Secret": 2, "ConfigMap": 2, "Service": 3}
    return sorted(documents, key=lambda document: ranks.get(document["kind"], 9))


def _frozen(job: Document) -> Any:
    return job["spec"]["template"]


def _selector(deployment: Document) -> Any:
    return deployment["spec"]["selector"]
