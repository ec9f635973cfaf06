"""`python -m deploy.image --into /app`: assembles, lists, measures; exit code 1 if something does not belong there."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from deploy.image import content, findings, inventory


def main() -> None:
    """Puts the content of an image into a directory, and prints what it weighs."""
    parser = argparse.ArgumentParser(prog="python -m deploy.image", description=main.__doc__)
    parser.add_argument("--into", type=Path, required=True, help="an absolute directory; what is in it is replaced")
    parser.add_argument("--operators", action="store_true", help="with the client that sets users' rights in Kafka")
    options = parser.parse_args()
    if not options.into.is_absolute():
        parser.error("--into: give an absolute path, such as /app")
    layers = ("services", "operators") if options.operators else ("services",)
    try:
        installed = content.assemble(options.into, layers)
    except content.AssemblyError as error:
        raise SystemExit(f"The image could not be assembled: {error}") from error
    document = inventory.document(installed, content.locks(layers), name=content.NAME, version=content.version())
    (options.into / content.INVENTORY).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(findings.report(options.into) + "\n")
    if found := findings.out_of_place(options.into):
        raise SystemExit("What does not belong into an image:\n" + "\n".join(f"  {each}" for each in found))


if __name__ == "__main__":
    main()
