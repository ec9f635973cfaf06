"""The component of each service that puts its database back under another name: `components/restored-database/`.

The text is written once, with its reasons, in `restored_files/`. It stands beside the template of the database, whose
names it changes, and a further service in `topics.yaml` gets its own by `make manifests`.
"""

from __future__ import annotations

from pathlib import Path

from chassis.kafka.rights import rights
from chassis.kafka.topics import declaration
from deploy.manifests.files import header
from deploy.manifests.postgres import PLACE

TEMPLATES = Path(__file__).parent / "restored_files"
CAPITALS = "CAPITALS"
"""What stands in the template for the name of a service as settings begin with it."""
KUSTOMIZATION = "kustomization.yaml"


def components(path: Path) -> dict[str, str]:
    """Name and text of each, below `components/restored-database/`. Raises `Trouble` as `topics.yaml` is read."""
    source = header(f"deploy/manifests/{TEMPLATES.name}/{KUSTOMIZATION}")
    template = (TEMPLATES / KUSTOMIZATION).read_text(encoding="utf-8")
    return {
        f"{service}/{KUSTOMIZATION}": source + template.replace(PLACE, service).replace(CAPITALS, service.upper())
        for service in rights(declaration(path))
    }
