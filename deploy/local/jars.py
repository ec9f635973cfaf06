"""Apache Kafka's jars by their Maven coordinate, checked against reviewed checksums, shared by this tree's stacks."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.places import StackError

COORDINATES = ("org.apache.kafka:kafka_2.13:4.4.0", "org.slf4j:slf4j-simple:1.7.36")
"""The broker, and what prints its log: without a binding of SLF4J a broker that fails says nothing at all."""
CHECKSUMS = Path(__file__).with_name("kafka.sha256")
"""The jars that were reviewed; whatever else arrives is refused."""
FETCH_SECONDS = 300
_SYSTEM_CERTIFICATES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")


class Jars:
    """The jars below `cache`, in a folder named by what they must be: other checksums, other folder."""

    def __init__(self, cache: Path) -> None:
        version = hashlib.sha256(CHECKSUMS.read_bytes()).hexdigest()[:12]
        self._folder = cache / f"kafka-{version}"

    @property
    def class_path(self) -> str:
        """For `java -cp`; jgo sorts modular jars into a folder of their own."""
        return f"{self._folder}/jars/*:{self._folder}/modules/*"

    def fetched(self) -> bool:
        """True if the jars are here. Only verified ones ever get into this folder."""
        return self._folder.is_dir()

    def fetch(self) -> None:
        """Downloads and verifies the jars, once; a second stack that asks meanwhile waits for the first."""
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        with _only_one(self._folder.with_suffix(".lock")):
            if self.fetched():
                return
            draft = self._folder.with_suffix(".draft")
            shutil.rmtree(draft, ignore_errors=True)
            try:
                _download(draft)
                verify(draft / "libraries")
                (draft / "libraries").replace(self._folder)
            finally:
                shutil.rmtree(draft, ignore_errors=True)


def verify(folder: Path) -> None:
    """Raises `StackError` unless the jars in `folder` are exactly the reviewed ones."""
    expected = dict(line.split()[::-1] for line in CHECKSUMS.read_text().splitlines())
    found = {path.name: path for path in folder.glob("*/*.jar")}
    if wrong := set(expected) ^ set(found):
        raise StackError(f"The jars fetched are not those in {CHECKSUMS.name}: {', '.join(sorted(wrong))}")
    for name, path in found.items():
        if hashlib.sha256(path.read_bytes()).hexdigest() != expected[name]:
            raise StackError(f"{name} is not the file that was reviewed: its SHA-256 differs from {CHECKSUMS.name}")


def _download(draft: Path) -> None:
    home = draft / "home"  # jgo and its HTTP cache write below HOME, which may be empty or read-only
    home.mkdir(parents=True)
    (draft / "jgo.toml").write_text(
        f'[environment]\nname = "kafka"\n\n[dependencies]\ncoordinates = {list(COORDINATES)}\n\n'
        '[settings]\ncache_dir = "libraries"\n'
    )
    try:
        done = subprocess.run(
            [sys.executable, "-m", "jgo", "--resolver", "python", "--links", "hard", "--timeout", "60", "sync"],
            cwd=draft,
            env={**_certificates(), **os.environ, "HOME": str(home), "M2_REPO": str(home / "m2")},
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=FETCH_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise StackError(
            f"Apache Kafka could not be fetched within {FETCH_SECONDS} s: the network is too slow or drops packets."
        ) from error
    if done.returncode:
        text = (done.stdout + done.stderr).decode(errors="replace").strip()[-2000:]
        raise StackError(
            f"Apache Kafka could not be fetched ({COORDINATES[0]}). Is Maven Central reachable from here? Behind a "
            f"proxy set HTTPS_PROXY, with a certificate authority of your own REQUESTS_CA_BUNDLE.\n{text}"
        )


def _certificates() -> dict[str, str]:
    # The system's trust store, as pip uses it: jgo's own would not know a company's proxy.
    candidates = (ssl.get_default_verify_paths().cafile, *_SYSTEM_CERTIFICATES)
    bundle = next((path for path in candidates if path and Path(path).is_file()), None)
    return {"REQUESTS_CA_BUNDLE": bundle} if bundle else {}


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # given back by the kernel, however this process ends
        yield
