"""A real API server without containers: kube-apiserver and etcd as processes on loopback, with own certificates.

There is no controller and no node: what is applied is checked, stored, and nothing comes of it.
"""

from __future__ import annotations

import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import yaml

from deploy.local import processes
from deploy.local.authority import Authority
from deploy.local.places import StackError, free_port
from deploy.local.processes import Program
from tests.k8s.apiserver import build
from tests.k8s.apiserver.kubectl import Kubectl

READY_SECONDS = 90
HERE = "127.0.0.1"


class ApiServer:
    """Both programs, with all that they keep below `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.authority = Authority(directory / "ca")
        self.url = f"https://{HERE}:{free_port()}"
        self._etcd = f"https://{HERE}:{free_port()}"
        self._programs: list[Program] = []

    def start(self) -> Kubectl:
        """Returns a client with all rights once the server is ready. Call from the main thread, and `stop` it."""
        try:
            self._start_etcd()
            self._start_server()
            self._wait()
        except BaseException:
            self.stop()
            raise
        return Kubectl(self._kubeconfig())

    def stop(self) -> None:
        """Ends both, the server first."""
        for program in reversed(self._programs):
            program.stop(15)
        self._programs.clear()

    def _start_etcd(self) -> None:
        certificate, key = self.authority.files(self.directory, "etcd", [HERE])
        peers = f"http://{HERE}:{free_port()}"
        self._run(
            "etcd",
            {
                "name": "default",
                "data-dir": self.directory / "etcd",
                "listen-client-urls": self._etcd,
                "advertise-client-urls": self._etcd,
                "listen-peer-urls": peers,
                "initial-advertise-peer-urls": peers,
                "initial-cluster": f"default={peers}",
                "cert-file": certificate,
                "key-file": key,
                "trusted-ca-file": self.authority.file,
                "client-cert-auth": "true",
                "unsafe-no-fsync": "true",
                "log-level": "warn",
            },
        )

    def _start_server(self) -> None:
        certificate, key = self.authority.files(self.directory, "server", [HERE, "localhost"])
        client, client_key = self.authority.files(self.directory, "etcd-client")
        signer, signer_key = self.authority.files(self.directory, "service-accounts")
        self._run(
            "kube-apiserver",
            {
                "etcd-servers": self._etcd,
                "etcd-cafile": self.authority.file,
                "etcd-certfile": client,
                "etcd-keyfile": client_key,
                "bind-address": HERE,
                "advertise-address": HERE,
                "secure-port": self.url.rpartition(":")[2],
                "tls-cert-file": certificate,
                "tls-private-key-file": key,
                "client-ca-file": self.authority.file,
                "service-account-issuer": "https://kubernetes.default.svc",
                "service-account-key-file": signer,
                "service-account-signing-key-file": signer_key,
                "service-cluster-ip-range": "10.0.0.0/16",
                "authorization-mode": "RBAC",
                "endpoint-reconciler-type": "none",
                "watch-cache": "false",  # with it, the first list of each kind of a fresh server is put off by a second
                "v": "1",
            },
        )

    def _run(self, name: str, options: Mapping[str, str | Path]) -> None:
        command = [build.folder() / name, *(f"--{option}={value}" for option, value in options.items())]
        program = processes.start(name, command, log=self.directory / f"{name}.log", directory=self.directory)
        self._programs.append(program)

    def _wait(self) -> None:
        trusted = ssl.create_default_context(cafile=str(self.authority.file))
        until = time.monotonic() + READY_SECONDS
        why = "nobody answers"
        while time.monotonic() < until:
            for program in self._programs:
                program.require_alive()
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=5, context=trusted):
                    return
            except urllib.error.HTTPError as refused:
                why = refused.read().decode(errors="replace")
            except OSError as error:
                why = str(error)
            time.sleep(0.2)
        raise StackError(f"kube-apiserver is not ready after {READY_SECONDS} s: {why}")

    def _kubeconfig(self) -> Path:
        certificate, key = self.authority.files(self.directory, "admin", organisation="system:masters")
        file = self.directory / "kubeconfig"
        file.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "here",
                    "contexts": [{"name": "here", "context": {"cluster": "here", "user": "admin"}}],
                    "clusters": [
                        {
                            "name": "here",
                            "cluster": {"server": self.url, "certificate-authority": str(self.authority.file)},
                        }
                    ],
                    "users": [
                        {"name": "admin", "user": {"client-certificate": str(certificate), "client-key": str(key)}}
                    ],
                }
            )
        )
        return file
