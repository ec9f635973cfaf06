"""What the pages tell operators to type meets what there is: objects, labels, containers, files, fields."""

from __future__ import annotations

import re
from functools import cache
from itertools import product

import pytest

from deploy.k8s.make_secrets import KEYS
from deploy.local.organisations import RECEIVING
from tests.k8s.structure.declared import services
from tests.k8s.structure.documents import Finding
from tests.k8s.structure.pages.environment import environments
from tests.k8s.structure.pages.fields import told
from tests.k8s.structure.pages.kubectl import Command, read
from tests.k8s.structure.pages.planted import ALL, Mistake
from tests.k8s.structure.pages.read import OPERATORS_PAGE, PRODUCTION, commands, pages
from tests.k8s.structure.pages.rules import RULES
from tests.k8s.structure.pages.shell import typed
from tests.k8s.structure.rendering import rendered

ESCROW = "docs/runbooks/escrow.md"
STORE = "deploy/k8s/components/external-secrets/README.md"
THERE = pages()


@cache
def found(rule: str) -> list[Finding]:
    return sorted(set(RULES[rule](THERE)))


def of(page: str, **options: str) -> list[Command]:
    """The commands of a page with such options."""
    return [each for each in commands({page: THERE[page]}) if options.items() <= each.options.items()]


@pytest.mark.parametrize("rule", RULES)
def test_the_pages_keep_the_rule(rule: str) -> None:
    assert not found(rule), "\n".join(map(str, found(rule)))


@pytest.mark.parametrize("mistake", ALL, ids=lambda each: each.name)
def test_a_planted_mistake_is_found(mistake: Mistake) -> None:
    spoiled = mistake.plant(THERE)
    new = [text for each in RULES[mistake.rule](spoiled) if (text := str(each)) not in map(str, found(mistake.rule))]
    assert any(mistake.where in text and mistake.page in text for text in new), f"{mistake.rule} says: {new}"


def test_every_rule_has_a_planted_mistake() -> None:
    assert {each.rule for each in ALL} == set(RULES)


def test_the_pages_have_many_commands_and_fields() -> None:
    """Or the rules look at nothing."""
    verbs = {each.verb for each in commands(THERE)}
    assert verbs >= {"annotate", "apply", "delete", "exec", "get", "logs", "port-forward", "rollout", "scale"}
    assert len(list(commands(THERE))) > 100
    names = {field for text in THERE.values() for field, _, _ in told(text)}
    assert names >= {"newTag", "version", "storage.size", "walStorage.size", "storage.volumes", "targetTime"}


def test_escrow_has_every_key_file_that_only_secrets_hold() -> None:
    wanted = {*KEYS, *(f"{service}-private-keys" for service in RECEIVING)}
    copied = [name for each in of(ESCROW, output="jsonpath={.data.keys}") for _, name in each.objects]
    assert set(copied) == wanted
    assert all(copied.count(name) == 2 for name in wanted), "copied once, and compared once"


def test_an_upgrade_applies_topics_users_and_nodes_before_all_else() -> None:
    (first, *_) = of(OPERATORS_PAGE, filename="-", selector="strimzi.io/cluster=chain")
    chosen = [
        each for each in rendered("overlays/production").documents if first.selector.items() <= labels(each).items()
    ]
    assert {each["kind"] for each in chosen} == {"KafkaTopic", "KafkaUser", "KafkaNodePool"}
    assert {each["metadata"]["namespace"] for each in chosen} == {PRODUCTION}


def labels(document: dict[str, object]) -> dict[str, str]:
    metadata = document["metadata"]
    assert isinstance(metadata, dict)
    return metadata.get("labels") or {}


def entries(text: str) -> set[tuple[str, str]]:
    """What the table of the page lets the store hand out: entry and property."""
    rows = re.findall(r"^\| (`[\w/<>-]+`(?:, `[\w/<>-]+`)*) \| (`\w+`(?:, `\w+`)*) \|", text, re.MULTILINE)
    return {
        (entry.replace("<service>", service), each)
        for names, properties in rows
        for entry, each in product(re.findall(r"`(.+?)`", names), re.findall(r"`(.+?)`", properties))
        for service in services()
    }


def test_the_store_hands_out_what_its_page_lists_and_nothing_else() -> None:
    fetched = {
        (each["remoteRef"]["key"], each["remoteRef"]["property"])
        for secret in environments()[PRODUCTION].rendered.of("ExternalSecret")
        for each in secret["spec"]["data"]
    }
    assert entries(THERE[STORE]) == fetched
    assert entries(THERE[STORE].replace("| `keys/public`", "| keys")) != fetched


def test_a_shell_is_read_as_the_pages_use_it() -> None:
    text = """
See `kubectl -n one get pods`, and `kubectl` itself.

```bash
NAME=first   # a comment
call() { local where="$NAME-x"; kubectl exec -i "deployment/$where" -c service -- ph "$@"; }
for each in a b; do
  kubectl get secret "$each" -o jsonpath='{.data.x}' | base64 -d |
    age -r <who> \\
      -o out
done
```

```sql
select 'kubectl get nothing';
```
"""
    seen = [str(each) for each in typed("page", text, {"who": ["me"]})]
    assert seen == [
        *("call", "kubectl exec -i deployment/first-x -c service -- ph $@"),
        *("kubectl get secret a -o jsonpath={.data.x}", "kubectl get secret b -o jsonpath={.data.x}"),
        *("base64 -d", "age -r me -o out", "kubectl -n one get pods"),
    ]


@pytest.mark.parametrize(
    ("line", "objects"),
    [
        ("kubectl get backups,pods", [("backups", None), ("pods", None)]),
        ("kubectl -n x get secret a b -o json", [("secret", "a"), ("secret", "b")]),
        ("kubectl scale deploy/a deploy/b --replicas 0", [("deploy", "a"), ("deploy", "b")]),
        ("kubectl annotate scaledobject/a key=value --overwrite", [("scaledobject", "a")]),
        ("kubectl annotate secret a key-", [("secret", "a")]),
        ("kubectl exec a-1 -c b -- df -h /x", [("pod", "a-1")]),
        ("kubectl port-forward pod/a 8000:8000", [("pod", "a")]),
        ("kubectl rollout status deploy/a --timeout=10s", [("deploy", "a")]),
        ("kubectl create secret generic a --from-literal=b=c", [("secret", "a")]),
        ("kubectl cnpg psql a -n x -- -c 'select 1'", [("cluster", "a")]),
        ("kubectl kustomize folder", []),
    ],
)
def test_a_command_is_read_as_kubectl_reads_it(line: str, objects: list[tuple[str, str | None]]) -> None:
    (one,) = typed("page", f"`{line}`", {})
    command = read(one)
    assert command is not None
    assert list(command.objects) == objects
