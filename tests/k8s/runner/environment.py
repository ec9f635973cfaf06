"""The environment of a container: its own variables, those from ConfigMaps and Secrets, and those of Services."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.k8s.runner.fields import Refused
from tests.k8s.runner.images import PATH, Image
from tests.k8s.runner.objects import Objects


class NotYet(Exception):
    """What a container refers to is not there yet: it waits, as CreateContainerConfigError does."""


def of_container(
    container: Mapping[str, Any],
    image: Image,
    objects: Objects,
    facts: Mapping[str, str],
    links: Mapping[str, str],
) -> dict[str, str]:
    """All variables. `facts` are what the downward API tells, `links` the variables of Services.

    Raises `NotYet` for a ConfigMap, Secret or key that is missing and not optional.
    """
    found = {"PATH": PATH, "HOME": "/", "HOSTNAME": facts["metadata.name"], **image.environment, **links}
    for source in container.get("envFrom") or ():
        kind, field = ("ConfigMap", "configMapRef") if "configMapRef" in source else ("Secret", "secretRef")
        reference = source[field]
        data = objects.data(kind, reference["name"])
        if data is None:
            if not reference.get("optional"):
                raise NotYet(f"{kind} {reference['name']} is not there")
            continue
        found |= {f"{source.get('prefix', '')}{key}": value.decode() for key, value in data.items()}
    own: dict[str, str] = {}
    for each in container.get("env") or ():
        if "valueFrom" in each:
            value = _referred(each["valueFrom"], objects, facts)
            if value is None:
                continue
        else:
            value = _expanded(str(each.get("value", "")), {**found, **own})
        own[each["name"]] = value
    return found | own


def service_links(name: str, address: str, ports: list[Mapping[str, Any]]) -> dict[str, str]:
    """The variables by which every later pod of the namespace learns of a Service: they may collide with settings."""
    prefix = name.upper().replace("-", "_")
    links = {f"{prefix}_SERVICE_HOST": address, f"{prefix}_SERVICE_PORT": str(ports[0]["port"])}
    links[f"{prefix}_PORT"] = f"tcp://{address}:{ports[0]['port']}"
    for port in ports:
        if "name" in port:
            links[f"{prefix}_SERVICE_PORT_{port['name'].upper().replace('-', '_')}"] = str(port["port"])
        long = f"{prefix}_PORT_{port['port']}_TCP"
        links |= {
            long: f"tcp://{address}:{port['port']}",
            f"{long}_PROTO": "tcp",
            f"{long}_PORT": str(port["port"]),
            f"{long}_ADDR": address,
        }
    return links


def told(path: str, facts: Mapping[str, str]) -> str:
    """A field of the downward API. Raises `Refused` for one that there is not."""
    if path in facts:
        return facts[path]
    if re.fullmatch(r"metadata\.(labels|annotations)\['.+'\]", path):
        return ""
    raise Refused(f"fieldRef {path}: the runner does not tell it")


def _referred(source: Mapping[str, Any], objects: Objects, facts: Mapping[str, str]) -> str | None:
    if "fieldRef" in source:
        return told(source["fieldRef"]["fieldPath"], facts)
    kind, field = ("ConfigMap", "configMapKeyRef") if "configMapKeyRef" in source else ("Secret", "secretKeyRef")
    reference = source[field]
    value = (objects.data(kind, reference["name"]) or {}).get(reference["key"])
    if value is None and not reference.get("optional"):
        raise NotYet(f"{kind} {reference['name']} has no key {reference['key']}, or is not there")
    return None if value is None else value.decode()


def _expanded(value: str, known: Mapping[str, str]) -> str:
    """`$(NAME)` of a variable that was said before; what is not known stays as it is, `$$` is one `$`."""
    return re.sub(
        r"\$(\$|\(([A-Za-z_][A-Za-z0-9_.-]*)\))",
        lambda found: "$" if found[1] == "$" else known.get(found[2], found[0]),
        value,
    )


def expanded(words: list[str], environment: Mapping[str, str]) -> list[str]:
    """The same in a command and its arguments."""
    return [_expanded(str(word), environment) for word in words]
