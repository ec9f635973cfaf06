"""The database of each service as CloudNativePG takes it: the files beside this module, with the service's name.

Four services, the same cluster, backup and roles: the text is written once, with its reasons, and a further service in
`topics.yaml` gets its own by `make manifests`. What the roles may do is `deploy/local/roles.py`'s, as on one machine.
"""

from __future__ import annotations

from pathlib import Path

from deploy.local.roles import IN_THE_DATABASE, ON_THE_DATABASE
from deploy.manifests.files import header, text

TEMPLATES = Path(__file__).parent / "postgres_files"
PLACE = "SERVICE"
"""What stands in the templates for the name of a service."""
RIGHTS = "rights.sql"


def of_service(service: str) -> dict[str, str]:
    """Name and text of the files of one service, below `platform/postgres/`."""
    source = f"deploy/manifests/{TEMPLATES.name}/"
    written = {
        f"{service}/{path.name}": header(f"{source}{path.name}") + _filled(path, service)
        for path in sorted(TEMPLATES.glob("*.yaml"))
    }
    granted = (each.format(service=service, database=service).lstrip() for each in (ON_THE_DATABASE, IN_THE_DATABASE))
    rights = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"{service}-db-rights"},
        "data": {RIGHTS: "".join([_filled(TEMPLATES / RIGHTS, service), *granted])},
    }
    return {**written, f"rights/{service}.yaml": text("deploy/local/roles.py", rights)}


def _filled(path: Path, service: str) -> str:
    return path.read_text(encoding="utf-8").replace(PLACE, service)
