"""Documents against the schemas of Kubernetes and of the operators, strictly: a field that nobody knows is refused, as
`kubectl apply --validate=strict` would.

Core schemas come with `kubernetes-validate`; those of the operators' documents are read from their CustomResource
Definitions, which lie outside of the project: `PH_CRDS`, else `../shared/crds` beside the tree.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft7Validator, Draft202012Validator
from jsonschema.protocols import Validator

from deploy.local.places import ROOT
from tests.k8s.structure.documents import Document, Finding, place
from tests.k8s.structure.rendering import Loader
from tests.k8s.tools import packages

VERSIONS = ("1.34", "1.35", "1.36")
"""Of Kubernetes: those that the manifests are for."""
UNKNOWN = "Mend or remove the field: a cluster refuses it, or drops it in silence."


def crds_folder() -> Path | None:
    """Where the definitions lie, if they are here."""
    named = os.environ.get("PH_CRDS", "")
    # A worktree lies one folder deeper than the tree itself.
    candidates = [Path(named)] if named else [ROOT.parent / "shared" / "crds", ROOT.parents[1] / "shared" / "crds"]
    return next((each for each in candidates if any(each.glob("*.yaml"))), None)


@cache
def definition(api_version: str, kind: str) -> Validator | None:
    """The validator of an operator's document; None if no definition serves it."""
    folder, (group, _, version) = crds_folder(), api_version.partition("/")
    assert folder is not None, "ask crds_folder first"
    for path in folder.glob(f"{group}_*.yaml"):
        for crd in yaml.load_all(path.read_text(encoding="utf-8"), Loader):
            if crd and crd["spec"]["names"]["kind"] == kind:
                for each in crd["spec"]["versions"]:
                    if each["name"] == version and each["served"]:
                        return Draft7Validator(closed(_whole(each["schema"]["openAPIV3Schema"])))
    return None


def _whole(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A CRD's schema says nothing of what every document has."""
    anything: dict[str, Any] = {"x-kubernetes-preserve-unknown-fields": True}
    named = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object", **anything}}
    return {**schema, "properties": {**schema.get("properties", {}), **named}}


def closed(schema: Any) -> Any:
    """A structural schema of Kubernetes as JSON Schema that refuses unknown fields where a cluster would."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    node = {key: value if key in {"enum", "default", "required"} else closed(value) for key, value in schema.items()}
    if "properties" in schema:  # names of fields, not keywords
        node["properties"] = {name: closed(each) for name, each in schema["properties"].items()}
        open_ = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
        if not open_ and schema.get("type") == "object":
            node["additionalProperties"] = False
    if schema.get("x-kubernetes-int-or-string"):
        node.pop("type", None)
        node["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    if schema.get("nullable") and isinstance(node.get("type"), str):
        node["type"] = [node["type"], "null"]
    return node


def core_folder(version: str) -> Path:
    """Where the schemas of a version of Kubernetes lie. Raises `AssertionError` if the package has none."""
    found = sorted(packages().glob(f"kubernetes_validate/kubernetes-json-schema/v{version}.*-local-strict"))
    assert found, f"kubernetes-validate has no schemas of Kubernetes {version}"
    return found[-1]


@cache
def _shared(version: str) -> dict[str, Any]:
    """What the schemas of one version refer to, by name."""
    text = (core_folder(version) / "_definitions.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)["$defs"]
    return found


def _resolved(node: Any, version: str, known: dict[str, Any]) -> Any:
    """A schema without references: a validator that follows them is ten times as slow."""
    if isinstance(node, list):
        return [_resolved(each, version, known) for each in node]
    if not isinstance(node, Mapping):
        return node
    reference = node.get("$ref")
    if not isinstance(reference, str):
        return {key: _resolved(each, version, known) for key, each in node.items()}
    name = reference.rpartition("/")[2]
    if name not in known:
        known[name] = {}  # a schema may hold itself
        known[name] |= _resolved(_shared(version)[name], version, known)
    return known[name]


@cache
def core(version: str, api_version: str, kind: str) -> Validator | None:
    """The validator of a core document; None if this version of Kubernetes does not know it."""
    group, slash, api = api_version.rpartition("/")
    name = "-".join([kind.lower(), *([group.partition(".")[0]] if slash else []), api])
    path = core_folder(version) / f"{name}.json"
    if not path.is_file():
        return None
    return Draft202012Validator(_resolved(json.loads(path.read_text(encoding="utf-8")), version, {}))


def is_core(document: Document) -> bool:
    """Whether it is Kubernetes' own, not an operator's."""
    group = document["apiVersion"].rpartition("/")[0]
    return "." not in group or (group.endswith(".k8s.io") and group != "gateway.networking.k8s.io")


def findings(document: Document, validator: Validator | None, of: str) -> Iterator[Finding]:
    """What a document has that its schema does not take."""
    if validator is None:
        what = f"{of} knows no {document['apiVersion']} {document['kind']}"
        yield Finding(place(document), "apiVersion", what, "Use a version that is served.")
        return
    for error in validator.iter_errors(document):
        for each in error.context or [error]:
            yield Finding(place(document), each.json_path.removeprefix("$."), f"{of}: {_short(each.message)}", UNKNOWN)


def _short(message: str) -> str:
    return message if len(message) <= 300 else f"{message[:150]} ... {message[-150:]}"
