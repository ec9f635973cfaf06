"""The inventory of an image: made from the lock, and refused where image and lock differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.image import inventory
from deploy.image.content import AssemblyError, Package

A, B, C = (letter * 64 for letter in "abc")
LOCK = f"""\
alpha==1.0 \\
    --hash=sha256:{A} \\
    --hash=sha256:{B}
    # via -r requirements/services.in
beta-tools==2.1 ; sys_platform == 'linux' \\
    --hash=sha256:{C}
    # via
    #   alpha
    #   gamma
windows-only==3 ; sys_platform == 'win32' \\
    --hash=sha256:{A}
    # via alpha
"""


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    file = tmp_path / "services.lock"
    file.write_text(LOCK)
    return file


ALPHA = Package("alpha", "1.0", B, "MIT")
BETA = Package("beta-tools", "2.1", C)


def test_it_lists_what_was_installed_with_the_hash_of_that_very_file_and_who_needs_it(lock: Path) -> None:
    document = inventory.document([ALPHA, BETA], [lock], name="chain", version="7")
    assert document["metadata"]["component"]["bom-ref"] == "chain@7"
    assert document["components"] == [
        {
            "type": "library",
            "bom-ref": "pkg:pypi/alpha@1.0",
            "name": "alpha",
            "version": "1.0",
            "purl": "pkg:pypi/alpha@1.0",
            "hashes": [{"alg": "SHA-256", "content": B}],
            "licenses": [{"expression": "MIT"}],
        },
        {
            "type": "library",
            "bom-ref": "pkg:pypi/beta-tools@2.1",
            "name": "beta-tools",
            "version": "2.1",
            "purl": "pkg:pypi/beta-tools@2.1",
            "hashes": [{"alg": "SHA-256", "content": C}],
        },
    ]
    assert document["dependencies"] == [
        {"ref": "chain@7", "dependsOn": ["pkg:pypi/alpha@1.0"]},
        {"ref": "pkg:pypi/alpha@1.0", "dependsOn": ["pkg:pypi/beta-tools@2.1"]},
        {"ref": "pkg:pypi/beta-tools@2.1", "dependsOn": []},
    ]


def test_the_same_content_has_the_same_number_and_another_content_another(lock: Path) -> None:
    def number(*packages: Package) -> str:
        document = inventory.document(packages, [lock], name="chain", version="7")
        return str(document["serialNumber"])

    assert number(ALPHA, BETA) == number(ALPHA, BETA)
    assert number(ALPHA, BETA) != number(Package("alpha", "1.0", A), BETA)


@pytest.mark.parametrize("other", [Package("delta", "1", A), Package("alpha", "1.1", A), Package("alpha", "1.0", C)])
def test_what_no_lock_has_is_refused(lock: Path, other: Package) -> None:
    with pytest.raises(AssemblyError, match=f"{other.name} {other.version} is not what the lock says"):
        inventory.document([other], [lock], name="chain", version="7")


def test_every_package_of_the_services_is_asked_for_or_needed_by_another(root: Path) -> None:
    pins = inventory.read([root / "requirements" / "services.lock"])
    assert len(pins) > 40
    for name, pin in pins.items():
        assert pin.hashes, name
        assert pin.asked_for or pin.needed_by <= set(pins), name
        assert pin.asked_for or pin.needed_by, name
