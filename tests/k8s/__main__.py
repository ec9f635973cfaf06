"""`make k8s`: the tests of the manifests, or the parts that ONLY names; with CLUSTER=1 those that need a cluster.

Several run side by side (parts.py); one alone is pytest as it is. Exit code: 0; else 1, or that of pytest; 2 for a part
that there is not, and for a run that was interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys

import pytest

from tests.k8s.parts import parts, pieces, run


def main() -> int:
    """The command. Returns its exit code."""
    parser = argparse.ArgumentParser(prog="make k8s", description="Tests of deploy/k8s.")
    parser.add_argument("--only", default="", help=f"parts, by comma: {', '.join(parts())}")
    options, further = parser.parse_known_args()
    usual = ["cluster"] if os.environ.get("CLUSTER") == "1" else parts()
    chosen = [each.strip() for each in options.only.split(",") if each.strip()] or usual
    if unknown := sorted(set(chosen) - set(parts())):
        parser.error(f"there is no part {', '.join(unknown)}; there are: {', '.join(parts())}")
    found = pieces(chosen)
    if len(found) == 1:
        return int(pytest.main([str(found[0].path), *further]))
    try:
        return run(found, further)
    except KeyboardInterrupt:
        return int(pytest.ExitCode.INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main())
