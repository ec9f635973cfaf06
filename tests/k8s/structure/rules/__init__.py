"""Own rules: pure functions of what was rendered, each with a planted mistake that turns it red."""

from __future__ import annotations

from tests.k8s.structure.documents import Rule
from tests.k8s.structure.rules import (
    consumers,
    databases,
    images,
    mounts,
    names,
    operators,
    pages,
    ports,
    reach,
    references,
    resources,
    rights,
    rollout,
    secret_files,
    selectors,
    settings,
)

EVERYWHERE: dict[str, Rule] = {
    "selectors.own_pods": selectors.own_pods,
    "selectors.somebody": selectors.somebody,
    "selectors.disjoint": selectors.disjoint,
    "selectors.services_of": selectors.services_of,
    "references.in_pods": references.in_pods,
    "operators.references": operators.references,
    "ports.of_services": ports.of_services,
    "ports.of_monitors": ports.of_monitors,
    "ports.of_policies": ports.of_policies,
    "ports.of_probes": ports.of_probes,
    "ports.of_routes": ports.of_routes,
    "mounts.mounts": mounts.mounts,
    "mounts.writable": mounts.writable,
    "resources.resources": resources.resources,
    "resources.within_limits": resources.within_limits,
    "names.names": names.names,
    "names.once": names.once,
    "names.of_releases": names.of_releases,
    "names.in_jobs": names.in_jobs,
    "names.one_namespace": names.one_namespace,
    "consumers.users": consumers.users,
    "consumers.partitions": consumers.partitions,
    "consumers.scaling": consumers.scaling,
    "secret_files.files_only": secret_files.files_only,
    "secret_files.none_written": secret_files.none_written,
    "secret_files.narrow": secret_files.narrow,
    "settings.names": settings.names,
    "settings.values": settings.values,
    "settings.files": settings.files,
    "images.images": images.images,
    "rollout.rollout": rollout.rollout,
    "rollout.no_token": rollout.no_token,
    "rights.matrix": rights.matrix,
    "rights.log_in": rights.log_in,
    "rights.as_declared": rights.as_declared,
    "reach.reach": reach.reach,
    "reach.named": reach.named,
    "pages.parked": pages.parked,
    "databases.clusters": databases.clusters,
    "databases.archived": databases.archived,
    "databases.recovered": databases.recovered,
    "databases.backed_up": databases.backed_up,
    "databases.kafka_version": databases.kafka_version,
    "databases.same_servers": databases.same_servers,
}
"""Hold in every kustomization."""
WHOLE: dict[str, Rule] = {"consumers.complete": consumers.complete}
"""Hold where a whole environment is rendered."""
RULES = EVERYWHERE | WHOLE
