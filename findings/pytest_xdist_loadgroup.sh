#!/usr/bin/env bash
# pytest-xdist's --dist loadgroup no longer keeps the tests of a group together under pytest 9.2, and says nothing. It
# marks a group by writing to the node's `_nodeid`; since 9.2 pytest keeps the id elsewhere, so the scheduler sees
# tests without a group. --dist loadfile does not need that and still works. With pytest 9.0.1 groups are kept.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/test_order.py" <<'PY'
import os

import pytest

pytestmark = pytest.mark.xdist_group("ledger")


@pytest.mark.parametrize("entry", range(8))
def test_entry(entry):
    assert os.environ["PYTEST_XDIST_WORKER"] in ("gw0", "gw1")
PY
workers() { # pytest's version, how to distribute: how many workers had tests of the one file and group
    "$folder/$1/bin/pytest" -n 2 --dist "$2" -v -p no:cacheprovider --rootdir "$folder" "$folder/test_order.py" \
        | grep -o '^\[gw[01]\]' | sort -u | wc -l
}
for pytest in 9.0.1 9.2.0; do
    python3 -m venv "$folder/$pytest"
    "$folder/$pytest/bin/pip" install -q --disable-pip-version-check "pytest==$pytest" pytest-xdist==3.8.0
    for dist in loadgroup loadfile; do
        found=$(workers "$pytest" "$dist")
        echo "pytest $pytest, pytest-xdist 3.8.0, --dist $dist: tests of one group in one file ran on $found worker(s)"
        expected=1
        [ "$pytest $dist" = "9.2.0 loadgroup" ] && expected=2
        [ "$found" = "$expected" ] || { echo "expected $expected" >&2; exit 1; }
    done
done
