"""What lies in an image, and what it says about how it is run. Its base is this machine's own `/usr`, read-only."""

from __future__ import annotations

import json
import re
import shlex
import site
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.k8s.runner.fields import Refused

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_USR_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")


@dataclass(frozen=True)
class Image:
    """`content` says what lies where: a path in the container, and the folder or file that lies there."""

    content: Mapping[str, Path]
    environment: Mapping[str, str] = field(default_factory=dict)
    entrypoint: Sequence[str] = ()
    command: Sequence[str] = ()
    directory: str = "/"
    user: int = 0
    group: int = 0


@dataclass(frozen=True)
class Mount:
    """Something that is seen at `target` in the container."""

    source: Path
    target: str
    read_only: bool = True

    def plan(self) -> dict[str, object]:
        """For the launcher."""
        return {"source": str(self.source), "target": self.target, "read_only": self.read_only}


class Base:
    """The base image's stand-in: this machine's system, without its Python packages and without `/usr/local`.

    `python` and `python3` are the interpreter that runs the tests: the packages of an image are built for it.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._prefix = Path(sys.base_prefix)
        self._empty = directory / "empty"
        self._empty.mkdir(parents=True, exist_ok=True)
        self.links = {f"/{name}": f"usr/{name}" for name in _USR_LINKS if Path(f"/{name}").is_symlink()}

    def mounts(self, hosts: Path, hostname: str, users: Mapping[int, str]) -> list[Mount]:
        """What every container sees of it, with a few files of its own in `/etc`."""
        own = self._directory / hostname
        own.mkdir(parents=True, exist_ok=True)
        passwd = "".join(f"{name}:x:{uid}:{uid}::/nonexistent:/usr/sbin/nologin\n" for uid, name in users.items())
        files = {
            "passwd": passwd,
            "group": "".join(f"{name}:x:{uid}:\n" for uid, name in users.items()),
            "hostname": hostname + "\n",
            "nsswitch.conf": "hosts: files\npasswd: files\ngroup: files\n",
            "resolv.conf": "",
        }
        for name, text in files.items():
            (own / name).write_text(text)
        mounts = [Mount(Path("/usr"), "/usr"), *self._interpreter(), *self._hidden()]
        mounts += [Mount(own / name, f"/etc/{name}") for name in files]
        mounts += [Mount(hosts, "/etc/hosts")]
        shared = ("/etc/ld.so.cache", "/etc/ssl", "/etc/ca-certificates", "/etc/alternatives")
        return mounts + [Mount(Path(path), path) for path in shared if Path(path).exists()]

    def _interpreter(self) -> list[Mount]:
        if self._prefix == Path("/usr/local"):
            return []
        programs = self._directory / "programs" / "bin"
        programs.mkdir(parents=True, exist_ok=True)
        real = Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
        for name in ("python", "python3", real.name):
            if not (programs / name).is_symlink():
                (programs / name).symlink_to(real)
        elsewhere = [] if self._prefix == Path("/usr") else [Mount(self._prefix, str(self._prefix))]
        return [Mount(programs.parent, "/usr/local"), *elsewhere]

    def _hidden(self) -> list[Mount]:
        version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        candidates = {
            *site.getsitepackages([str(self._prefix)]),
            str(self._prefix / "lib" / version / "site-packages"),
            "/usr/lib/python3/dist-packages",
        }
        local = self._prefix != Path("/usr/local")
        found = [each for each in sorted(candidates) if Path(each).is_dir()]
        return [Mount(self._empty, each) for each in found if not (local and each.startswith("/usr/local/"))]


def described(dockerfile: str, content: Mapping[str, Path], arguments: Mapping[str, str] = {}) -> Image:
    """An image as its Dockerfile's last stage describes it: ENV, WORKDIR, USER, ENTRYPOINT, CMD."""
    environment: dict[str, str] = {}
    said: dict[str, str] = {}
    for line in _lines(dockerfile):
        word, _, rest = line.partition(" ")
        match word.upper():
            case "FROM":
                environment, said = {}, {}
            case "ENV":
                for pair in shlex.split(rest):
                    name, _, value = pair.partition("=")
                    environment[name] = _filled(value, {**arguments, **environment})
            case "WORKDIR" | "USER" | "ENTRYPOINT" | "CMD" as known:
                said[known] = rest.strip()
    uid, _, gid = said.get("USER", "0").partition(":")
    if not uid.isdecimal():
        raise Refused(f"Dockerfile: USER {uid} is a name; runAsNonRoot needs a number")
    return Image(
        content,
        environment,
        _words(said.get("ENTRYPOINT", "[]")),
        _words(said.get("CMD", "[]")),
        said.get("WORKDIR", "/"),
        int(uid),
        int(gid or uid),
    )


def _lines(dockerfile: str) -> list[str]:
    joined = re.sub(
        r"\\\n", " ", "\n".join(line for line in dockerfile.splitlines() if not line.lstrip().startswith("#"))
    )
    return [line.strip() for line in joined.splitlines() if line.strip()]


def _words(text: str) -> list[str]:
    if not text.startswith("["):
        raise Refused(f"Dockerfile: {text!r} would run in a shell; write it as a list")
    return [str(word) for word in json.loads(text)]


def _filled(value: str, known: Mapping[str, str]) -> str:
    return re.sub(r"\$\{?(\w+)\}?", lambda found: known.get(found[1], PATH if found[1] == "PATH" else ""), value)
