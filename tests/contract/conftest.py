"""Makes `schemas/check.py` importable: it is a script with a folder of modules, not a part of the services."""

from __future__ import annotations

import sys
from pathlib import Path

SCHEMAS = str(Path(__file__).resolve().parents[2] / "schemas")
if SCHEMAS not in sys.path:
    sys.path.insert(0, SCHEMAS)
