"""A small HTTP server for the tests of the runner: tells what it sees of its container, and behaves as it is told.

Standard library only; it is what lies in the toy's image, and never imported.
"""

import json
import os
import signal
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BEGAN = time.monotonic()
GOING = threading.Event()


def seen():
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {
        "pid": os.getpid(),
        "uid": os.getuid(),
        "gid": os.getgid(),
        "groups": os.getgroups(),
        "hostname": socket.gethostname(),
        "directory": str(Path.cwd()),
        "arguments": sys.argv[1:],
        "environment": dict(os.environ),
        "capabilities": [status[name].strip() for name in ("CapEff", "CapPrm", "CapBnd")],
        "no_new_privileges": status["NoNewPrivs"].strip(),
        "devices": interfaces(),
        "processes": sorted(path.name for path in Path("/proc").iterdir() if path.name.isdecimal()),
        "root": sorted(path.name for path in Path("/").iterdir()),
        "packages": [path for path in sys.path if path.endswith("-packages") and any(Path(path).iterdir())],
    }


def interfaces():
    return sorted(line.split(":")[0].strip() for line in Path("/proc/net/dev").read_text().splitlines()[2:])


def tried(action, path):
    """What becomes of reading or writing a file."""
    try:
        if action == "read":
            found = Path(path).stat()
            return {
                "text": Path(path).read_text(),
                "mode": oct(found.st_mode & 0o7777),
                "owner": [found.st_uid, found.st_gid],
            }
        Path(path).write_text("x")
        return {"text": "written"}
    except OSError as error:
        return {"error": type(error).__name__, "number": error.errno}


class Handler(BaseHTTPRequestHandler):
    """Answers `/live`, `/ready`, `/seen`, `/read/<path>`, `/write/<path>`, `/reach/<host>/<port>`, `/grow/<MB>`."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        word, _, rest = self.path.lstrip("/").partition("/")
        status, body = 200, {}
        if word == "ready":
            delay = float(os.environ.get("READY_AFTER", "0"))
            status = (
                200
                if time.monotonic() - BEGAN >= delay and not GOING.is_set() and not Path("/tmp/unready").exists()
                else 503
            )
        elif word == "live":
            status = 503 if Path("/tmp/dead").exists() else 200
        elif word == "seen":
            body = seen()
        elif word in ("read", "write"):
            body = tried(word, "/" + rest)
        elif word == "reach":
            host, _, port = rest.partition("/")
            try:
                socket.create_connection((host, int(port)), 2).close()
                body = {"reached": True}
            except OSError as error:
                body = {"reached": False, "error": type(error).__name__}
        elif word == "grow":
            Handler.kept = bytearray(int(rest) * 1_000_000)
        elif word == "slow":
            time.sleep(float(rest))
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("X-Pod", socket.gethostname())
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        """Says nothing."""


class Server(ThreadingHTTPServer):
    """Whoever waits is let in."""

    request_queue_size = 200
    daemon_threads = True


def stop(*_):
    print("asked to stop", round(time.monotonic() - BEGAN, 2), flush=True)
    GOING.set()
    time.sleep(float(os.environ.get("STOP_TAKES", "0")))
    os._exit(0)


if __name__ == "__main__":
    if "EXIT" in os.environ:
        print("as told", flush=True)
        raise SystemExit(int(os.environ["EXIT"]))
    signal.signal(signal.SIGTERM, stop)
    print("started", flush=True)
    Server(("0.0.0.0", int(os.environ.get("PORT", "8000"))), Handler).serve_forever()
