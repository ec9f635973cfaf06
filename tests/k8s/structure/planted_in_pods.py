"""Mistakes in workloads: pods, mounts, settings, images, rollouts."""

from __future__ import annotations

from tests.k8s.structure.documents import Rendered
from tests.k8s.structure.planted import container, mistake, need, pod, variable

API, WORKER = "referral-api", "referral-worker"


@mistake("selectors.own_pods", f"Deployment/{API}, spec.selector")
def template_with_other_labels(there: Rendered) -> None:
    need(there, "Deployment", API)["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"] = "other"


@mistake("selectors.own_pods", "topologySpreadConstraints[0]")
def spread_of_other_pods(there: Rendered) -> None:
    pod(there, API)["topologySpreadConstraints"][0]["labelSelector"] = {"matchLabels": {"app": "other"}}


@mistake("selectors.disjoint", f"Deployment/{API}, spec.selector")
def selector_that_takes_the_worker_too(there: Rendered) -> None:
    need(there, "Deployment", API)["spec"]["selector"] = {"matchLabels": {"app.kubernetes.io/name": "referral"}}


@mistake("references.in_pods", "no Secret 'misspelled'")
def secret_that_nobody_makes(there: Rendered) -> None:
    for volume in pod(there, WORKER)["volumes"]:
        for source in volume.get("projected", {}).get("sources", []):
            if source.get("secret", {}).get("name") == "referral":
                source["secret"]["name"] = "misspelled"


@mistake("references.in_pods", "has no key 'passwort'")
def key_that_the_secret_lacks(there: Rendered) -> None:
    for volume in pod(there, WORKER)["volumes"]:
        for source in volume.get("projected", {}).get("sources", []):
            if source.get("secret", {}).get("name") == "referral":
                source["secret"]["items"][0]["key"] = "passwort"


@mistake("references.in_pods", "no ConfigMap")
def config_that_is_not_rendered(there: Rendered) -> None:
    container(there, API)["envFrom"][0]["configMapRef"]["name"] = "misspelled"


@mistake("references.in_pods", "serviceAccountName: is missing")
def everybodys_account(there: Rendered) -> None:
    del pod(there, API)["serviceAccountName"]


@mistake("references.in_pods", "no ServiceAccount 'nobody'")
def account_that_is_not_there(there: Rendered) -> None:
    pod(there, API)["serviceAccountName"] = "nobody"


@mistake("ports.of_probes", "no port 'htpp'")
def probe_of_a_misspelled_port(there: Rendered) -> None:
    container(there, API)["readinessProbe"]["httpGet"]["port"] = "htpp"


@mistake("mounts.mounts", "there is no such volume")
def mount_without_volume(there: Rendered) -> None:
    pod(there, API)["volumes"] = [each for each in pod(there, API)["volumes"] if each["name"] != "secrets"]


@mistake("mounts.mounts", "nobody mounts it")
def volume_without_mount(there: Rendered) -> None:
    pod(there, API)["volumes"].append({"name": "forgotten", "emptyDir": {}})


@mistake("mounts.mounts", "is mounted 2 times")
def two_mounts_at_one_path(there: Rendered) -> None:
    mounts = container(there, API)["volumeMounts"]
    mounts.append({**mounts[0]})


@mistake("mounts.mounts", "subPath never sees")
def secret_by_sub_path(there: Rendered) -> None:
    mount = next(each for each in container(there, API)["volumeMounts"] if each["name"] == "secrets")
    mount["subPath"] = "database"


@mistake("mounts.writable", "there is no /tmp")
def no_tmp(there: Rendered) -> None:
    mounts = container(there, API)["volumeMounts"]
    mounts[:] = [each for each in mounts if each["mountPath"] != "/tmp"]


@mistake("mounts.writable", "the root may be written to")
def a_root_for_writing(there: Rendered) -> None:
    container(there, API)["securityContext"]["readOnlyRootFilesystem"] = False


@mistake("resources.within_limits", "requests.memory: 2Gi is above the limit")
def request_above_limit(there: Rendered) -> None:
    container(there, API)["resources"]["requests"]["memory"] = "2Gi"


@mistake("resources.resources", "limits.memory: is missing")
def no_memory_limit(there: Rendered) -> None:
    del container(there, API)["resources"]["limits"]["memory"]


@mistake("resources.resources", "limits.cpu: there is a limit")
def a_cpu_limit(there: Rendered) -> None:
    container(there, API)["resources"]["limits"]["cpu"] = "1"


@mistake("resources.resources", "requests.cpu: is missing")
def no_cpu_request(there: Rendered) -> None:
    del container(there, API)["resources"]["requests"]["cpu"]


@mistake("secret_files.files_only", "takes a Secret into the environment")
def secret_in_the_environment(there: Rendered) -> None:
    container(there, API)["envFrom"].append({"secretRef": {"name": "referral-app"}})


@mistake("secret_files.files_only", "env[KAFKA_PASSWORD]: takes it from a Secret")
def variable_from_a_secret(there: Rendered) -> None:
    source = {"secretKeyRef": {"name": "referral", "key": "password"}}
    container(there, WORKER)["env"].append({"name": "KAFKA_PASSWORD", "valueFrom": source})


@mistake("secret_files.files_only", "env[REFERRAL_DATABASE_URL]: holds a secret")
def password_in_an_address(there: Rendered) -> None:
    variable(there, API, "REFERRAL_DATABASE_URL", "postgresql://referral_app:hunter2@referral-db-rw:5432/referral")


@mistake("secret_files.narrow", "is more than 0440")
def secret_that_all_may_read(there: Rendered) -> None:
    volume = next(each for each in pod(there, API)["volumes"] if each["name"] == "secrets")
    volume["projected"]["defaultMode"] = 0o444


@mistake("secret_files.narrow", "mounted for writing")
def secret_for_writing(there: Rendered) -> None:
    next(each for each in container(there, API)["volumeMounts"] if each["name"] == "secrets")["readOnly"] = False


@mistake("settings.names", "env[CONSUMER]: referral knows no such setting")
def misspelled_setting(there: Rendered) -> None:
    variable(there, WORKER, "CONSUMER", "2")


@mistake("settings.values", "env[POOL_SIZE]")
def value_out_of_bounds(there: Rendered) -> None:
    variable(there, WORKER, "POOL_SIZE", "1000")


@mistake("settings.values", "env[AUTH_ISSUER]: Field required")
def missing_setting(there: Rendered) -> None:
    for config in there.of("ConfigMap"):
        (config.get("data") or {}).pop("AUTH_ISSUER", None)


@mistake("settings.files", "lies in no mount")
def file_outside_of_mounts(there: Rendered) -> None:
    variable(there, API, "REFERRAL_DATABASE_PASSWORD_FILE", "/run/secrets/password")


@mistake("settings.files", "no volume brings /etc/perspektive-heimat/kafka-ca/ca.pem")
def file_that_no_volume_brings(there: Rendered) -> None:
    variable(there, WORKER, "KAFKA_CA_FILE", "/etc/perspektive-heimat/kafka-ca/ca.pem")


@mistake("images.images", "is another one tomorrow")
def the_latest_image(there: Rendered) -> None:
    container(there, API)["image"] = "example.org/perspektive-heimat:latest"


@mistake("images.images", "has no version")
def an_image_without_version(there: Rendered) -> None:
    container(there, API)["image"] = "perspektive-heimat"


@mistake("images.images", " beside ")
def two_releases_at_once(there: Rendered) -> None:
    container(there, API)["image"] += "x"


@mistake("rollout.rollout", "maxUnavailable: is 1")
def a_pod_goes_first(there: Rendered) -> None:
    need(there, "Deployment", API)["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] = 1


@mistake("rollout.rollout", "livenessProbe: asks '/health/ready'")
def liveness_that_asks_the_database(there: Rendered) -> None:
    container(there, API)["livenessProbe"]["httpGet"]["path"] = "/health/ready"


@mistake("rollout.rollout", "terminationGracePeriodSeconds: 30 s")
def too_short_a_grace(there: Rendered) -> None:
    pod(there, WORKER)["terminationGracePeriodSeconds"] = 30


@mistake("rollout.rollout", "preStop: does not sleep")
def no_pre_stop(there: Rendered) -> None:
    del container(there, API)["lifecycle"]


@mistake("rollout.over_zones", f"Deployment/{WORKER}, spec.template.spec.topologySpreadConstraints: nothing spreads")
def all_in_one_zone(there: Rendered) -> None:
    spreads = pod(there, WORKER)["topologySpreadConstraints"]
    spreads[:] = [each for each in spreads if each["topologyKey"] != "topology.kubernetes.io/zone"]


@mistake("rollout.no_token", "a token of the API server is mounted")
def a_token(there: Rendered) -> None:
    del pod(there, API)["automountServiceAccountToken"]


@mistake("reach.reach", "env[KAFKA_BOOTSTRAP_SERVERS]: there is no Service 'chain-kafka'")
def misspelled_broker(there: Rendered) -> None:
    variable(there, WORKER, "KAFKA_BOOTSTRAP_SERVERS", "chain-kafka:9093")


@mistake("reach.reach", "has no port 9092")
def port_without_tls(there: Rendered) -> None:
    variable(there, WORKER, "KAFKA_BOOTSTRAP_SERVERS", "chain-kafka-bootstrap:9092")
