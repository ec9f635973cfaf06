"""`make k8s`: the tests of the manifests, or the parts that ONLY names; with CLUSTER=1 those that need a cluster.

Exit code: that of pytest; 2 for a part that there is not.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def parts() -> list[str]:
    """The folders that have tests."""
    return sorted({path.relative_to(HERE).parts[0] for path in HERE.glob("*/**/test_*.py")})


def main() -> int:
    """The command. Returns its exit code."""
    parser = argparse.ArgumentParser(prog="make k8s", description="Tests of deploy/k8s.")
    parser.add_argument("--only", default="", help=f"parts, by comma: {', '.join(parts())}")
    options, further = parser.parse_known_args()
    usual = ["cluster"] if os.environ.get("CLUSTER") == "1" else parts()
    chosen = [each.strip() for each in options.only.split(",") if each.strip()] or usual
    if unknown := sorted(set(chosen) - set(parts())):
        parser.error(f"there is no part {', '.join(unknown)}; there are: {', '.join(parts())}")
    return pytest.main([*(str(HERE / each) for each in chosen), *further])


if __name__ == "__main__":
    sys.exit(main())
