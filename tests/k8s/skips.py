"""What a test says that cannot look, and which of it is let pass where nothing else may be skipped.

Where PH_SKIPS is `refused` or CI is `true`, a skip fails with its reason, which names what is missing and the remedy;
but not what stands in `LET_PASS`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

DEFINITIONS = "the definitions of the operators' documents are not here: name their folder in PH_CRDS"
PROMTOOL = "promtool is not built: `make promtool` takes some minutes, once"
APISERVER = "kube-apiserver is not built: `make k8s-apiserver` takes very long, once"
NAMESPACES = "no namespaces with a network of their own here"
ROOT = "namespaces, uids and mounts of containers need root"

LET_PASS: Mapping[str, str] = {
    DEFINITIONS: "they are the operators' own, and lie outside of the project",
    PROMTOOL: "a build of two minutes and many modules: only where it is kept between two runs",
    APISERVER: "a build of 20 minutes: only where it is kept between two runs",
    NAMESPACES: "nobody can promise that a machine for CI lets a container make some",
    ROOT: "nor that it lets it be root",
}
"""How a reason begins, and why a machine may lack that."""


def refused(reason: str) -> bool:
    """Whether a skip for this reason is a failure here."""
    strict = os.environ.get("PH_SKIPS") == "refused" or os.environ.get("CI") == "true"
    return strict and not any(each in reason for each in LET_PASS)
