"""Which differences between two modules no test could see."""

from __future__ import annotations

import pytest

from mutants.meaning import meaning


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('"""Text."""\n', '"""Another."""\n'),
        ("def f(a: int) -> int | None: ...\n", "def f(a: str) -> int & None: ...\n"),
        ("x: int = 1\n", "x: str = 1\n"),
        ('log.info("seen", count=1)\n', "pass\n"),
        ('raise ValueError("no")\n', "raise ValueError(f'{a + 1}')\n"),
        ("assert a\n", "assert not a\n"),
        ("zip(a, b, strict=True)\n", "zip(a, b, strict=False)\n"),
        ("@lru_cache(maxsize=2)\ndef f(): ...\n", "def f(): ...\n"),
        ("class A(Protocol):\n    @property\n    def b(self): ...\n", "class A(Protocol): ...\n"),
        ("f(timeout=1)\n", "f(timeout=2)\n"),
        ("WAIT_SECONDS = 3.0\n", "WAIT_SECONDS = 4.0\n"),
        ("@dataclass(slots=True)\nclass A: ...\n", "@dataclass(slots=False)\nclass A: ...\n"),
    ],
)
def test_it_means_the_same(one: str, other: str) -> None:
    assert meaning(one) == meaning(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1\n", "x = 2\n"),
        ('raise ValueError("no")\n', 'raise KeyError("no")\n'),
        ("raise Refused(code)\n", "raise Refused(other)\n"),
        ('count("seen")\n', "pass\n"),
        ("def f(a=1): ...\n", "def f(a=2): ...\n"),
        ("x: int = 1\n", "x: int = 2\n"),
        ("f(timeout=a + b)\n", "f(timeout=a - b)\n"),
        ("@property\ndef f(): ...\n", "def f(): ...\n"),
    ],
)
def test_it_means_something_else(one: str, other: str) -> None:
    assert meaning(one) != meaning(other)
