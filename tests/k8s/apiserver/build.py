"""kube-apiserver and etcd from their Go modules: built once, kept in `.local/k8s/bin`, told apart by what they are of.

    make k8s-apiserver                                builds what is missing: about 2,000 packages
    python -m tests.k8s.apiserver.build lock          writes `module/go.mod` and `module/go.sum` anew, for review

`module/` names every module by version and hash. `k8s.io/kubernetes` names the libraries that are developed with it
(k8s.io/api, k8s.io/apimachinery ...) as folders of its own source tree; outside of that tree each is replaced by the
version that was released with it: v0.N.M belongs to v1.N.M.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.local.jars import only_one
from deploy.local.places import LOCAL, StackError

VERSION = "1.36.3"
"""Of Kubernetes: the newest of 1.34 to 1.36 that is released as a module."""
MODULE = Path(__file__).parent / "module"
WORK = LOCAL / "k8s" / "go"
PROGRAMS = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
}
NICE = ["nice", "-n", "19"]
BUILD = "make k8s-apiserver"
_STAGED = re.compile(r"^\s*(k8s\.io/[\w.-]+) => \./staging/", re.MULTILINE)


def folder() -> Path:
    """Where the programs of these modules lie, whether they are built or not."""
    locked = b"".join((MODULE / name).read_bytes() for name in ("go.mod", "go.sum"))
    return LOCAL / "k8s" / "bin" / f"apiserver-{VERSION}-{hashlib.sha256(locked).hexdigest()[:12]}"


def built() -> bool:
    """True if both are there."""
    return all((folder() / name).exists() for name in PROGRAMS)


def build() -> None:
    """Builds what is missing, at the lowest priority and one package at a time. Raises `StackError` if it fails."""
    target = folder()
    target.mkdir(parents=True, exist_ok=True)
    with only_one(target.with_name(f"{target.name}.lock")):
        for name, package in PROGRAMS.items():
            if (target / name).exists():
                continue
            print(f"building {name}: once, and for a while", flush=True)
            draft = target / f"{name}.draft"
            command = ["build", "-mod=readonly", "-trimpath", "-p", "1", "-ldflags", _flags(), "-o", draft, package]
            _go(*command, where=MODULE)
            draft.replace(target / name)
    print(f"{', '.join(PROGRAMS)} {VERSION}: {target}")


def lock() -> None:
    """Writes the module anew: what of the libraries is replaced, every version, every hash."""
    shutil.rmtree(MODULE, ignore_errors=True)
    MODULE.mkdir()
    named = f"k8s.io/kubernetes@v{VERSION}"
    WORK.mkdir(parents=True, exist_ok=True)
    found = json.loads(_go("list", "-m", "-json", named, where=WORK, quiet=True))
    staged = sorted(set(_STAGED.findall(Path(found["GoMod"]).read_text())))
    library = "v0." + VERSION.partition(".")[2]
    lines = [
        f"// Written by `python -m tests.k8s.apiserver.build lock`. Kubernetes {VERSION} and the etcd that it names.",
        "module programs",
        "",
        f"go {_language(Path(found['GoMod']))}",
        "",
        *(f"replace {name} => {name} {library}" for name in staged),
        "",
    ]
    (MODULE / "go.mod").write_text("\n".join(lines))
    _go("get", f"k8s.io/kubernetes/cmd/kube-apiserver@v{VERSION}", where=MODULE)
    # Without a version it would be the newest, and take the server's own client along.
    etcd = _go("list", "-m", "-f", "{{.Version}}", PROGRAMS["etcd"], where=MODULE, quiet=True).strip()
    _go("get", f"{PROGRAMS['etcd']}@{etcd}", where=MODULE)


def _go(*arguments: str | Path, where: Path, quiet: bool = False) -> str:
    if shutil.which("go") is None:
        raise StackError("kube-apiserver is built with Go, and there is no `go` here: install Go 1.26 or newer.")
    done = subprocess.run(
        [*NICE, "go", *map(str, arguments)],
        cwd=where,
        env=_environment(),
        stdout=subprocess.PIPE if quiet else None,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StackError(f"go {arguments[0]} failed with code {done.returncode}; what it says stands above")
    return done.stdout or ""


def _environment() -> Mapping[str, str]:
    """Nothing below HOME, unless this machine says where such things lie."""
    own = {
        "GOCACHE": str(WORK / "cache"),
        "GOMODCACHE": str(WORK / "modules"),
        "GOFLAGS": "-modcacherw",  # so that `rm -r .local` works
        "CGO_ENABLED": "0",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }
    return {**own, **os.environ, "GOFLAGS": own["GOFLAGS"]}


def _flags() -> str:
    """Without them it would call itself v0.0.0, and not know which features are on in its version."""
    major, minor, _ = VERSION.split(".")
    said = {"gitVersion": f"v{VERSION}", "gitMajor": major, "gitMinor": minor, "gitTreeState": "archive"}
    places = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return " ".join(["-s", "-w", *(f"-X {place}.{name}={text}" for place in places for name, text in said.items())])


def _language(module: Path) -> str:
    line = next(line for line in module.read_text().splitlines() if line.startswith("go "))
    return line.split()[1]


if __name__ == "__main__":
    try:
        if platform.system() != "Linux":
            raise StackError("The servers are started on Linux only.")
        lock() if sys.argv[1:] == ["lock"] else build()
    except StackError as error:
        raise SystemExit(str(error)) from error
