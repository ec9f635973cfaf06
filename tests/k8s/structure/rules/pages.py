"""Journey's pages can look after the parked records of every service, in the name of whoever signs in."""

from __future__ import annotations

from collections.abc import Iterator

from tests.k8s.structure.declared import services
from tests.k8s.structure.documents import Finding, Rendered
from tests.k8s.structure.rules.settings import of_us

REMEDY = "Follow docs/adding-a-service.md."


def parked(rendered: Rendered) -> Iterator[Finding]:
    """Where people sign in, the address of each service's API is named, and its audience among those that the access
    token is for, unless the provider is asked for that in another way."""
    audiences = {
        service: audience
        for _, service, _, container in of_us(rendered)
        if (audience := rendered.environment(container).get(f"{service.upper()}_AUTH_AUDIENCE"))
    }
    for workload, service, field, container in of_us(rendered):
        told = rendered.environment(container)
        if service != "journey" or not told.get("JOURNEY_OIDC_ISSUER"):
            continue
        resources = (told.get("JOURNEY_OIDC_RESOURCES") or "").split()
        for each in services():
            if not told.get(name := f"JOURNEY_PARKED_{each.upper()}_URL"):
                yield Finding(workload.place, f"{field}.env[{name}]", f"the API of {each} is not named", REMEDY)
            if resources and audiences.get(each) not in resources:
                at = f"{field}.env[JOURNEY_OIDC_RESOURCES]"
                yield Finding(workload.place, at, f"the audience of {each} is not among them", REMEDY)
