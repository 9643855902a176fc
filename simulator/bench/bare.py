"""The least that a server can do with a ping: read it, and answer as many bytes as the door does. Run by uvicorn as the server is.

python -m simulator.bench.bare PORT
"""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

ANSWER = b'{"accepted":1,"verdicts":["accepted"],"problems":[]}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def bare(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """One request: the whole body in, the answer out."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body", False):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})


if __name__ == "__main__":
    # The settings of server/serving.py; uvloop and httptools are uvicorn's choice in both where they are installed.
    uvicorn.run(
        bare,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
    )
