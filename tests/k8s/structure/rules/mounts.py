"""Every mount has a volume, every volume a mount, and nothing lies over something else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tests.k8s.structure.documents import Finding, Rendered
from tests.k8s.structure.rules.settings import of_us


def mounts(rendered: Rendered) -> Iterator[Finding]:
    for workload in rendered.workloads:
        volumes = {volume["name"]: volume for volume in workload.pod.get("volumes", [])}
        claims = {each["metadata"]["name"] for each in workload.document["spec"].get("volumeClaimTemplates", [])}
        used = set()
        for field, container in workload.containers():
            there = container.get("volumeMounts", [])
            for path, count in Counter(mount["mountPath"].rstrip("/") for mount in there).items():
                if count > 1:
                    remedy = "Give each mount a path of its own."
                    yield Finding(workload.place, f"{field}.volumeMounts", f"{path} is mounted {count} times", remedy)
            for mount in there:
                name = mount["name"]
                used.add(name)
                at = f"{field}.volumeMounts[{name}]"
                if name not in volumes and name not in claims:
                    yield Finding(workload.place, at, "there is no such volume", "Add the volume, or mend the name.")
                elif "subPath" in mount and _rotates(volumes.get(name, {})):
                    problem = "a subPath never sees a rotated secret or setting"
                    yield Finding(workload.place, at, problem, "Mount the volume as a folder, and choose by `items`.")
        for name in sorted((volumes.keys() | claims) - used):
            field = f"{workload.path}.volumes[{name}]"
            yield Finding(workload.place, field, "nobody mounts it", "Mount it, or remove it.")


def _rotates(volume: Mapping[str, Any]) -> bool:
    return any(kind in volume for kind in ("secret", "configMap", "projected"))


def writable(rendered: Rendered) -> Iterator[Finding]:
    """Our containers have a read-only root, and a /tmp, which Python wants."""
    for workload, _, field, container in of_us(rendered):
        if not (container.get("securityContext") or {}).get("readOnlyRootFilesystem"):
            at = f"{field}.securityContext.readOnlyRootFilesystem"
            yield Finding(workload.place, at, "the root may be written to", "Say true.")
        if "/tmp" not in {mount["mountPath"].rstrip("/") for mount in container.get("volumeMounts", [])}:
            yield Finding(workload.place, f"{field}.volumeMounts", "there is no /tmp", "Mount an emptyDir there.")
