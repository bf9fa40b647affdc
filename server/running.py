"""Runs an ASGI factory in one or more processes until told to stop."""

import signal
from types import FrameType

import uvicorn


def serve(factory: str, *, host: str, port: int, workers: int) -> None:
    """Serve until SIGINT or SIGTERM; then requests under way end first. `factory` is an import path, `module:function`.

    The peer's address is taken as it is: who may speak for another address is a setting of ours (`PORTILLON_PROXIES`).
    """
    # uvicorn raises the signal again once it has stopped: as an exception it lets the caller tidy up.
    signal.signal(signal.SIGTERM, _stop)
    uvicorn.run(
        factory,
        factory=True,
        host=host,
        port=port,
        workers=workers,
        loop="uvloop",
        http="httptools",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=10,
    )


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
