#!/usr/bin/env bash
# When the caller of several pipelined requests hangs up, uvicorn with httptools tells the last one only: the one that is
# being answered waits for `http.disconnect` in vain. Of a single request it is told at once.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check uvicorn==0.54.0 httptools==0.9.0
"$folder/venv/bin/python" - <<'PY'
import asyncio
from importlib.metadata import version

import uvicorn

WAIT = 3.0
told: list[bool] = []


async def app(scope, receive, send):
    """Answers nothing; waits until it is told that the caller is gone."""
    if scope["type"] != "http":
        return
    try:
        async with asyncio.timeout(WAIT):
            while (await receive())["type"] != "http.disconnect":
                pass
        told.append(True)
    except TimeoutError:
        told.append(False)


async def first_of(port, requests):
    """Whether the first of so many requests is told that the caller has hung up."""
    told.clear()
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * requests)
    await writer.drain()
    await asyncio.sleep(0.5)
    writer.close()
    await asyncio.sleep(WAIT)
    return told[0]


async def main():
    print("uvicorn", version("uvicorn"), "httptools", version("httptools"))
    server = uvicorn.Server(uvicorn.Config(app, port=0, http="httptools", lifespan="off", log_level="critical"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    alone, pipelined = await first_of(port, 1), await first_of(port, 2)
    print("told that its caller is gone: one request", alone, "| the first of two", pipelined)
    server.should_exit = server.force_exit = True
    await serving
    assert alone and not pipelined


asyncio.run(main())
PY
