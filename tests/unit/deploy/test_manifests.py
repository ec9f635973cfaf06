"""`make manifests`: what follows from topics.yaml, byte for byte, and nothing of what does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from chassis.kafka.rights import Operation, Resource, Right, onlookers, rights
from chassis.kafka.topics import DECLARATION, declaration
from deploy.local.roles import IN_THE_DATABASE, ON_THE_DATABASE
from deploy.manifests.__main__ import K8S, main
from deploy.manifests.files import differences, write
from deploy.manifests.kafka import user
from deploy.manifests.platform import files
from deploy.manifests.restored import components


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    return files(DECLARATION)


def document(written: dict[str, str], name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(written[name])
    return found


def granted(document: dict[str, Any]) -> set[Right]:
    """The rights of a KafkaUser, read off its ACLs."""
    return {
        Right(Resource(acl["resource"]["type"]), acl["resource"].get("name", "kafka-cluster"), Operation(operation))
        for acl in document["spec"]["authorization"]["acls"]
        for operation in acl["operations"]
    }


def test_the_files_of_the_tree_are_what_would_be_written_now(written: dict[str, str]) -> None:
    assert differences(K8S / "platform", written) == []
    assert files(DECLARATION) == written
    assert differences(K8S / "components/restored-database", components(DECLARATION)) == []


def test_each_user_has_the_rights_that_ph_topics_apply_grants(written: dict[str, str]) -> None:
    declared = declaration()
    for name, wanted in {**rights(declared), **onlookers(declared)}.items():
        assert granted(document(written, f"kafka/users/{name}.yaml")) == wanted


def test_onlookers_change_nothing() -> None:
    changing = {Operation.ALL, Operation.WRITE, Operation.CREATE, Operation.DELETE, Operation.ALTER}
    changing |= {Operation.ALTER_CONFIGS, Operation.CLUSTER_ACTION, Operation.IDEMPOTENT_WRITE}
    users = onlookers(declaration())
    assert not changing & {right.operation for rights_ in users.values() for right in rights_}
    assert {right.operation for right in users["keda"]} == {Operation.DESCRIBE}


def test_quotas_are_those_of_topics_yaml_by_strimzis_names() -> None:
    quotas = user("any", [], {"producer_byte_rate": 5.0, "request_percentage": 12.5})["spec"]["quotas"]
    assert quotas == {"producerByteRate": 5, "requestPercentage": 12.5}


def test_a_reader_more_is_a_right_more_and_nothing_else(tmp_path: Path, written: dict[str, str]) -> None:
    changed = yaml.safe_load(DECLARATION.read_text())
    changed["topics"]["ph.placement.v1"]["readers"].append("training")
    path = tmp_path / "topics.yaml"
    path.write_text(yaml.safe_dump(changed))
    other = files(path)
    assert {name for name in written if other[name] != written[name]} == {"kafka/users/training.yaml"}
    more = granted(document(other, "kafka/users/training.yaml")) - granted(
        document(written, "kafka/users/training.yaml")
    )
    assert {right.name for right in more} == {"ph.placement.v1"}


def test_a_service_more_gets_topic_user_and_database(tmp_path: Path, written: dict[str, str]) -> None:
    changed = yaml.safe_load(DECLARATION.read_text())
    changed["topics"]["ph.partners.v1"] = {**changed["topics"]["ph.referral.v1"], "owner": "partners"}
    path = tmp_path / "topics.yaml"
    path.write_text(yaml.safe_dump(changed))
    new = files(path).keys() - written.keys()
    assert {"kafka/topics/ph.partners.v1.yaml", "kafka/users/partners.yaml", "postgres/partners/cluster.yaml"} <= new
    assert "partners" in files(path)["postgres/kustomization.yaml"]
    assert "PARTNERS_DATABASE_URL" in components(path)["partners/kustomization.yaml"]


def test_drift_is_told_and_mended(tmp_path: Path, written: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    platform, restored = tmp_path / "platform", tmp_path / "components/restored-database"
    write(platform, written)
    write(restored, components(DECLARATION))
    (platform / "kafka" / "by-hand.yaml").write_text("kind: Kafka\n")
    assert main(["--check", "--directory", str(tmp_path)]) == 0
    edited, gone = platform / "kafka/users/referral.yaml", platform / "kafka/topics/ph.referral.v1.yaml"
    edited.write_text(edited.read_text().replace("- Write", "- All"))
    gone.rename(gone.with_name("ph.former.v1.yaml"))
    (restored / "referral" / "kustomization.yaml").unlink()
    assert main(["--check", "--directory", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert "kafka/users/referral.yaml: differs, first in line" in told
    assert "kafka/topics/ph.referral.v1.yaml: is missing" in told
    assert "kafka/topics/ph.former.v1.yaml: follows from nothing any more" in told
    assert "components/restored-database/referral/kustomization.yaml: is missing" in told
    assert "make manifests" in told
    assert main(["--directory", str(tmp_path)]) == 0
    assert differences(platform, written) == []
    assert differences(restored, components(DECLARATION)) == []
    assert not gone.with_name("ph.former.v1.yaml").exists()
    assert (platform / "kafka" / "by-hand.yaml").exists()


def test_a_wrong_declaration_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "topics.yaml"
    path.write_text("topics: {}\n")
    assert main(["--declaration", str(path)]) == 1
    assert "defaults" in capsys.readouterr().err


def test_the_roles_have_the_rights_that_they_have_on_one_machine(written: dict[str, str]) -> None:
    script = document(written, "postgres/rights/referral.yaml")["data"]["rights.sql"]
    for statements in (ON_THE_DATABASE, IN_THE_DATABASE):
        assert statements.format(service="referral", database="referral").strip() in script
    assert "SERVICE" not in "".join(written.values())
    granting = [line for line in script.splitlines() if line.startswith(("grant ", "alter default "))]
    assert len(granting) == 3
