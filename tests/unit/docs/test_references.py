"""What the pages name exists: files, names in files, other pages and their headings, rules of the domain."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from chaos.crash_points import POINTS

ROOT = Path(__file__).resolve().parents[3]
SERVICES = sorted(path.parent for path in (ROOT / "services").glob("*/app.py"))
ROOMS = sorted(path.parent.name for path in (ROOT / "services" / "chassis").glob("*/__init__.py"))
PAGES = sorted(
    [
        *(ROOT / "docs").rglob("*.md"),
        *(page for page in ROOT.glob("*.md")),
        *(
            page
            for top in ("services", "schemas", "chaos", "bench", "mutants", "deploy")
            for page in (ROOT / top).rglob("*.md")
        ),
    ]
)
CODE = [
    path
    for top in ("services", "schemas", "tests", "deploy", "chaos", "bench", "mutants")
    for path in sorted((ROOT / top).rglob("*"))
    if path.suffix in {".py", ".sql", ".json", ".yaml", ".md"}
    and not {"released", "vendor", "reference", "__pycache__"} & set(path.parts)
]

_SPAN = re.compile(r"`([^`\n]+)`")
_FILE = re.compile(r"([\w.-]+/)*[\w.-]+\.(py|sql|md|ya?ml|json|csv|toml|lock|in)")
_NAMED = re.compile(r"(?P<file>([\w.-]+/)*[\w.-]+\.(py|sql))(:(?P<name>\w+(\.\w+)?))?")
_MODULE = re.compile(
    r"(?:chassis|vocabulary|counselling|placement|referral|training|bench|chaos|mutants|deploy|tests)(\.\w+)+"
)
_FOLDER = re.compile(r"([\w-]+/)+")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_CITED = re.compile(r"\bdocs/domain\.md: ((?:[a-z0-9-]+(?:, )?)+)")
_RULE = re.compile(r"^\| `([a-z0-9-]+)` \|[^|]+\|([^|]+)\|", re.MULTILINE)
_OUTSIDE = re.compile(r"domain notes|domain rule|\bA1[0-2](\.\d+)?\b|\bD1?\d\b \(|\(inf\)|, inf\)")


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


RULES = _RULE.findall((ROOT / "docs" / "domain.md").read_text(encoding="utf-8"))


@cache
def prose(page: Path) -> str:
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


@cache
def spans(page: Path) -> tuple[str, ...]:
    return tuple(_SPAN.findall(prose(page)))


def found(name: str, page: Path) -> Path | None:
    """The file that a page means: from the root, from `services/`, beside the page, or one that every service
    has which takes commands."""
    for base in (ROOT, ROOT / "services", page.parent):
        if (base / name).exists():
            return base / name
    commanded = [service for service in SERVICES if (service / "commands.py").exists()]
    if all((service / name).exists() for service in commanded):
        return commanded[0] / name
    return None


@cache
def names(file: Path) -> frozenset[str]:
    """Every function, class, constant and `Class.member` of a module."""

    def of(body: list[ast.stmt], prefix: str) -> Iterator[str]:
        for node in body:
            targets: list[ast.expr] = []
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield prefix + node.name
                yield node.name
                if isinstance(node, ast.ClassDef):
                    yield from of(node.body, f"{node.name}.")
            elif isinstance(node, ast.Assign):
                targets = node.targets
            elif isinstance(node, ast.AnnAssign):
                targets = [node.target]
            for name in (each for target in targets for each in ast.walk(target)):
                if isinstance(name, ast.Name):
                    yield prefix + name.id

    return frozenset(of(ast.parse(file.read_text(encoding="utf-8")).body, ""))


def anchors(page: Path) -> set[str]:
    """The fragments by which GitHub reaches a page's headings."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def missing(page: Path) -> Iterator[str]:
    """What the page names and does not exist."""
    last: Path | None = None
    for span in spans(page):
        named = _NAMED.fullmatch(span)
        if named is not None:
            last = found(named["file"], page)
            if last is None or (named["name"] and named["name"] not in names(last)):
                yield span
        elif _is_path(span) and found(span, page) is None:
            yield span


def _is_path(span: str) -> bool:
    """A file or folder with the way to it; a bare name may be one of any place."""
    known = _FILE.fullmatch(span) or _FOLDER.fullmatch(span)
    return known is not None and span.count("/") > span.endswith("/")


def broken_links(page: Path) -> Iterator[str]:
    for target in _LINK.findall(prose(page)):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, fragment = target.partition("#")
        other = (page.parent / path).resolve() if path else page
        if not other.exists() or (fragment and fragment not in anchors(other)):
            yield target


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_file_and_name_that_a_page_names_exists(page: Path) -> None:
    assert list(missing(page)) == []


def resolves(name: str) -> bool:
    """Whether `package.module`, `package.module.Name` or `package.module.Class.member` is there."""
    first, *parts = name.split(".")
    place = next(base / first for base in (ROOT / "services", ROOT) if (base / first).is_dir())
    while parts and (place / parts[0]).is_dir():
        place /= parts.pop(0)
    if parts and (place / f"{parts[0]}.py").is_file():
        return not parts[1:] or ".".join(parts[1:]) in names(place / f"{parts[0]}.py")
    return not parts or ".".join(parts) in names(place / "__init__.py")


def lost_modules(text: str) -> list[str]:
    """Dotted names in backticks, with whatever arguments follow, that lead nowhere."""
    named = (match[0] for span in _SPAN.findall(text) if (match := _MODULE.match(span)))
    return [name for name in named if not _FILE.fullmatch(name) and not resolves(name)]


@pytest.mark.parametrize("path", sorted({*PAGES, *CODE} - {Path(__file__).resolve()}), ids=shown)
def test_every_dotted_name_of_a_page_or_a_docstring_leads_somewhere(path: Path) -> None:
    assert lost_modules(_FENCE.sub("", path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    assert list(broken_links(page)) == []


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_of_the_chassis_has_its_page(room: str) -> None:
    table = (ROOT / "docs" / "architecture" / "README.md").read_text(encoding="utf-8")
    row = re.search(rf"^\| `chassis/{room}/` \| \[[^]]+\]\(([\w-]+\.md)\)", table, re.MULTILINE)
    assert row is not None, f"docs/architecture/README.md has no row for {room}"
    page = ROOT / "docs" / "architecture" / row[1]
    text = page.read_text(encoding="utf-8")
    assert f"The room `chassis/{room}/`" in text
    for part in ("**Promised.**", "**How", "**Held by**"):
        assert part in text


def test_every_page_of_the_architecture_is_listed() -> None:
    folder = ROOT / "docs" / "architecture"
    listed = set(_LINK.findall((folder / "README.md").read_text(encoding="utf-8")))
    assert {page.name for page in folder.glob("*.md")} - listed == {"README.md"}


def test_crash_points_have_the_names_by_which_chaos_takes_them() -> None:
    spans_of_all = {(shown(page), span) for page in PAGES for span in spans(page)}
    assert {each for each in spans_of_all if each[1] in POINTS} == set(), "ONLY= takes crash_<point>"
    named = {span for _, span in spans_of_all if re.fullmatch(r"crash_(after|before)_\w+", span)}
    assert named == {f"crash_{point}" for point in POINTS}


def test_every_rule_that_the_code_cites_stands_in_the_domain_page() -> None:
    known = {rule for rule, _ in RULES}
    cited = {
        (shown(path), rule)
        for path in CODE
        for rules in _CITED.findall(path.read_text(encoding="utf-8"))
        for rule in rules.split(", ")
    }
    assert len(cited) > 10, "the pattern finds too little"
    assert {(file, rule) for file, rule in cited if rule not in known} == set()


def test_a_rule_has_one_name_and_sources_that_are_listed() -> None:
    names_of_rules = [rule for rule, _ in RULES]
    assert len(set(names_of_rules)) == len(names_of_rules)
    listed = set(re.findall(r"\bS\d+\b", (ROOT / "schemas" / "reference" / "README.md").read_text(encoding="utf-8")))
    for rule, source in RULES:
        assert set(re.findall(r"\bS\d+\b", source)) <= listed, rule
        assert re.search(r"\bS\d+\b|\binf\b|\blaw\b", source), f"{rule} has no source"


def test_no_comment_cites_notes_that_are_not_in_this_repository() -> None:
    cited = [
        f"{shown(path)}: {line.strip()}"
        for path in CODE
        if path != Path(__file__).resolve()
        for line in path.read_text(encoding="utf-8").splitlines()
        if _OUTSIDE.search(line)
    ]
    assert cited == []


def test_the_judges_of_this_file_see_what_is_wrong(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A page\n`chassis/pure/decision.py:Handler` `chassis/pure/decision.py:Handled` `chassis/no.py` `tests/no/`\n"
        "[here](#a-page) [gone](#another) [away](other.md) [web](https://example.org)\n```\n`chassis/no/such.py`\n```\n"
    )
    assert list(missing(page)) == ["chassis/pure/decision.py:Handled", "chassis/no.py", "tests/no/"]
    assert list(broken_links(page)) == ["#another", "other.md"]
    text = "`chassis.pure.codes` `chassis.codes` `chassis.pure.decision.Refused` `tests.lock` `chassis.no(1)`"
    assert lost_modules(text) == ["chassis.codes", "chassis.no"]
    assert _OUTSIDE.search("within 3 working days (A12, inf)")
    assert not _OUTSIDE.search('"routes", "country,level,harbour,source", "DE,1,HAM,inf"')
