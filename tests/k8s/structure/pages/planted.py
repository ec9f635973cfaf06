"""Mistakes, planted into the text of the pages: each turns its rule red. `where` is a part of what it must say."""

from __future__ import annotations

from dataclasses import dataclass

from tests.k8s.structure.pages.read import OPERATORS_PAGE, Pages

RUNBOOKS = "docs/runbooks"
DRILL = "deploy/k8s/overlays/restore-drill/README.md"


@dataclass(frozen=True)
class Mistake:
    """A page's text, and what somebody writes in its place."""

    rule: str
    page: str
    before: str
    after: str
    where: str

    @property
    def name(self) -> str:
        return f"{self.rule}-{self.after[-40:] or 'nothing'}"

    def plant(self, pages: Pages) -> dict[str, str]:
        """The pages with it. Raises `AssertionError` if the text is not there: what spoils nothing proves nothing."""
        text = pages[self.page]
        assert self.before in text, f"{self.page} has no {self.before!r} any more"
        return {**pages, self.page: text.replace(self.before, self.after)}


def runbook(rule: str, page: str, before: str, after: str, where: str) -> Mistake:
    return Mistake(rule, f"{RUNBOOKS}/{page}.md", before, after, where)


ALL = [
    runbook("namespaces", "BackupFailed", "-n perspektive-heimat get", "get", "names no namespace"),
    runbook(
        "namespaces", "BackupFailed", "-n perspektive-heimat get", "-n production get", "has the namespace 'production'"
    ),
    Mistake(
        "objects", DRILL, "create namespace perspektive-heimat-drill", "create namespace drill", "namespace 'drill'"
    ),
    runbook("objects", "MetricsMissing", "referral-worker\n", "referral\n", "no NetworkPolicy 'referral'"),
    runbook("objects", "VolumeFills", "exec referral-db-1", "exec referral-db-4", "no Pod 'referral-db-4'"),
    runbook("objects", "VolumeFills", "exec chain-brokers-3", "exec chain-kafka-3", "no Pod 'chain-kafka-3'"),
    runbook("objects", "rotate-certificate", "secret referral-db-server", "secret referral-db-tls", "no Secret"),
    runbook(
        "objects", "rotate-password", "strimzipodset chain-brokers", "strimzipodset chain-kafka", "no StrimziPodSet"
    ),
    runbook("objects", "NotReady", "POD=referral-worker-", "POD=referral-workers-", "no Pod"),
    runbook("objects", "NotReady", "POD=referral-worker-5d9c7f6b48-x2v7k\n", "", "no Pod '$POD'"),
    runbook("objects", "BackupTooOld", "cnpg backup referral-db", "cnpg backup referral", "no Cluster 'referral'"),
    runbook("objects", "lost-database", "scaledobject/", "scaledobjekt/", "there is no 'scaledobjekt'"),
    Mistake("objects", OPERATORS_PAGE, "job/<service>-migrate-<release>", "job/<service>-migrate", "no Job"),
    runbook("selectors", "BrokersNotReached", "get kafkanodepools,pods", "get kafka,kafkanodepools,pods", "no Kafka"),
    runbook("selectors", "ServiceDown", "component=worker", "component=workers", "selects no Pod"),
    Mistake("selectors", OPERATORS_PAGE, "strimzi.io/cluster=chain", "strimzi.io/cluster=main", "selects nothing"),
    runbook("containers", "MigrationFailed", "-c schema", "-c migrate", "no container 'migrate'"),
    runbook("containers", "BackupFailed", "-c plugin-barman-cloud", "-c barman-cloud", "no container"),
    runbook("disks", "WalNotArchived", " /var/lib/postgresql/wal", "", "does not look at /var/lib/postgresql/wal"),
    runbook("paths", "VolumeFills", "/var/lib/kafka/data-0", "/var/lib/kafka/data", "lies on no volume"),
    runbook("keys", "escrow", "{.data.keys}", "{.data.key}", "the Secret has no 'key'"),
    runbook("keys", "rotate-certificate", r"ca\.crt", r"tls\.crt", "the Secret has no 'tls.crt'"),
    Mistake(
        "folders",
        OPERATORS_PAGE,
        "kustomize deploy/k8s/overlays/<environment>",
        "kustomize deploy/k8s/platform/kafka",
        "no overlay",
    ),
    Mistake("folders", OPERATORS_PAGE, "diff -k deploy/k8s/overlays/<environment>", "diff -k", "'' is no overlay"),
    runbook("scaled", "ConsumerLagging", "paused-replicas=3", "paused-replicas=0", "is not paused by"),
    runbook("scaled", "RelayLeaders", "paused-replicas-", "paused-replicas=2", "nobody lets referral-worker go on"),
    runbook("one_pod", "NotReady", '"pod/$POD" 8000', "deployment/referral-worker 8000", "a ready one first"),
    runbook(
        "one_pod",
        "SpansDropped",
        "-l app.kubernetes.io/name=otel-collector",
        "deploy/otel-collector",
        "a ready one first",
    ),
    Mistake("programs", OPERATORS_PAGE, ", `jq`", "", "`jq` is not among what must be there"),
    Mistake("programs", OPERATORS_PAGE, "`cnpg`", "", "`cnpg` is no command of kubectl's own"),
    runbook("fields", "rollback", "`newTag` and", "`tag` and", "has no such field"),
    runbook("fields", "rollback", "overlays/production/release", "overlays/production/images", "there is no"),
    runbook("fields", "WalNotArchived", "`walStorage.size`", "`wal.size`", "Cluster/referral-db has no such field"),
    Mistake("fields", DRILL, "`targetTime` in `recovery.yaml`", "`targetTime` in `source.yaml`", "has no such field"),
    runbook("together", "rollback", "`newTag` and `version` in", "`newTag` in", "without version"),
    runbook(
        "together",
        "WalNotArchived",
        "`storage.size` and `walStorage.size`",
        "`storage.size`",
        "without walStorage.size",
    ),
]
