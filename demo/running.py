"""Starts everything a demo is made of, in order, and stops it in reverse: engines, tables, people, post office, server."""

import asyncio
import base64
import dataclasses
import http.client
import json
import os
import signal
import socket
import threading
from contextlib import ExitStack, closing
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from anyio.from_thread import start_blocking_portal

from demo import guard, link
from demo.guard import DemoRefused
from demo.people import People
from demo.post_office import post_office
from server.clock import SystemClock
from server.hashing import Hasher
from server.keys import Keys
from server.metrics import served_metrics
from server.randomness import SystemRandomness
from server.records.database import Database
from server.running import serve
from server.settings import Settings

_ENDS = (signal.SIGINT, signal.SIGTERM)
_LOOK_AGAIN_S = 0.05


def run(host: str, port: int, data: Path, workers: int) -> None:
    """Until SIGINT or SIGTERM. Raises DemoRefused, before anything was started."""
    if not guard.is_loopback(host):
        raise DemoRefused(f"The demo is for this machine only: {host} is no loopback address.")
    if "PORTILLON_PUBLIC_URL" in os.environ:
        public_url = os.environ["PORTILLON_PUBLIC_URL"]
        guard.refuse_production(public_url, [urlsplit(public_url).hostname or ""])
    for number in _ENDS:
        signal.signal(number, _end)
    with ExitStack() as running:
        port = _hold(running, host, port)
        os.environ.update(_engines(running, data))
        os.environ.update(_keys(data / "keys.json"))
        os.environ.update(
            PORTILLON_PUBLIC_URL=f"http://localhost:{port}", PORTILLON_OTHER_HOSTS="127.0.0.1 ::1", PORTILLON_WORKERS=str(workers)
        )
        settings = Settings.from_environment()
        asyncio.run(_prepare(settings))
        portal = running.enter_context(start_blocking_portal())
        smtp = portal.wrap_async_context_manager(post_office(settings.database_url, settings.redis_url))
        os.environ.update(
            PORTILLON_SMTP_HOST="127.0.0.1", PORTILLON_SMTP_PORT=str(running.enter_context(smtp)), PORTILLON_SMTP_SECURITY="none"
        )
        running.enter_context(served_metrics(os.environ.get("PORTILLON_METRICS_ADDRESS", ""), workers))
        # What stands above this line is stopped in order, however often somebody presses Ctrl-C meanwhile.
        running.callback(lambda: [signal.signal(number, signal.SIG_IGN) for number in _ENDS])
        threading.Thread(target=_announce, args=(host, port), daemon=True).start()
        serve("demo.asgi:build", host=host, port=port, workers=workers)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _hold(running: ExitStack, host: str, port: int) -> int:
    """Bind the port, any free one for 0, so that nobody else gets it before the server listens. Raises DemoRefused."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    held = running.enter_context(closing(socket.socket(family)))
    # The server does the same: both may be bound, and one listens.
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind((host, port))
    except OSError as error:
        raise DemoRefused(f"Port {port} is taken: stop what uses it, or name another with --port.") from error
    return int(held.getsockname()[1])


def _engines(running: ExitStack, data: Path) -> dict[str, str]:
    """Where the engines answer: as the environment says, or our own. Raises DemoRefused."""
    given = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL") if os.environ.get(name)}
    if len(given) == 1:
        raise DemoRefused(f"Only {min(given)} is set: set DATABASE_URL and REDIS_URL, or neither.")
    if given:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        return given
    # Not even imported where engines are given: the wheels may be absent.
    from server.embedded import EmbeddedEngines, EnginesUnavailable

    try:
        addresses = running.enter_context(EmbeddedEngines.start(data)).addresses
    except EnginesUnavailable as error:
        raise DemoRefused(str(error)) from error
    return {"DATABASE_URL": addresses.database_url, "REDIS_URL": addresses.redis_url}


def _keys(file: Path) -> dict[str, str]:
    """The keys of this data folder, drawn once and readable by us only."""
    if not file.exists():
        number_key, master_key = (base64.b64encode(SystemRandomness().bytes(32)).decode() for _ in range(2))
        draft = file.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps({"PORTILLON_NUMBER_KEY": number_key, "PORTILLON_MASTER_KEYS": f"demo:{master_key}"}))
        draft.replace(file)
    keys: dict[str, str] = json.loads(file.read_text())
    return keys


async def _prepare(settings: Settings) -> None:
    """The mark, the tables, the fixed people. Raises DemoRefused."""
    try:
        new = await guard.claim(settings)
    except OSError as error:
        raise DemoRefused(f"The database at DATABASE_URL does not answer: {error}.") from error
    # Not before: its import connects to the database.
    from server.records.migrate import migrate

    await migrate(settings.database_url)
    if new:
        redis = link.connect(settings.redis_url)
        await link.clear(redis)
        await redis.aclose()
    await Database.open(settings.database_url)
    # A few hashes only: no timing of the libraries for these.
    hashing = dataclasses.replace(settings.hashing, backend="argon2-cffi")
    randomness = SystemRandomness()
    hasher = Hasher(hashing, Keys(settings.number_key, settings.master_keys), randomness)
    try:
        await People(SystemClock(), randomness, hasher).ensure_fixed()
    finally:
        hasher.close()
        await Database.close()


def _announce(host: str, port: int) -> None:
    """Say the address as soon as it answers."""
    waiting = threading.Event()
    while not waiting.wait(_LOOK_AGAIN_S):
        try:
            with closing(http.client.HTTPConnection(host, port, timeout=2)) as connection:
                connection.request("GET", "/health/live")
                answered = connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            continue
        if answered:
            print(f"Portillon demo: http://localhost:{port} (people, mailbox and clock: /demo; Ctrl-C stops it)", flush=True)  # noqa: T201
            return
