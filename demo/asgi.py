"""What an ASGI server loads in each process of the demo: the service itself, with more doors and a clock that moves."""

import asyncio
import multiprocessing
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from types import FrameType
from typing import Any

from litestar import Router
from litestar.types import ASGIApp
from redis.asyncio import Redis

from demo import api, guard, link, pages
from demo import clock as clocks
from demo import mailbox as mailboxes
from demo.clock import DemoClock
from demo.front import DemoFront
from demo.mailbox import Mailbox
from demo.people import People
from server.app import Parts, create_app
from server.jobs.reminders import Reminders
from server.logs import set_up_logs
from server.records.redis import REDIS_AWAY
from server.settings import Settings


def build() -> ASGIApp:
    """The demo as its environment says. Raises SettingsError, and DemoRefused where the settings are a service's."""
    set_up_logs(as_json=False)
    settings = Settings.from_environment()
    guard.refuse_production(settings.public_url, settings.hosts)
    redis = link.connect(settings.redis_url)
    clock, mailbox = DemoClock(redis), Mailbox(redis)

    def doors(parts: Parts) -> Sequence[Router]:
        people, reminders = (
            People(clock, parts.randomness, parts.hasher),
            Reminders(settings, clock, parts.keys, parts.randomness),
        )
        demo = api.Demo(parts, redis, clock, mailbox, people, reminders)
        return [api.router(demo), *pages.routers(demo)]

    app = create_app(settings, clock=clock, handlers=doors, demo=True)
    return DemoFront(app, clock, settings.site, _beside(settings, redis, clock, mailbox))


def _beside(
    settings: Settings, redis: "Redis", clock: DemoClock, mailbox: Mailbox
) -> Callable[[], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def beside() -> AsyncIterator[None]:
        await guard.require_mark(settings)
        with suppress(*REDIS_AWAY):
            await clock.heard(None)
        listening = asyncio.create_task(
            link.listen(redis, {clocks.CHANNEL: clock.heard, mailboxes.CHANNEL: mailbox.heard}), name="demo-listener"
        )
        _end_with_parent()
        _when_told_to_stop(mailbox.close)
        try:
            yield
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await redis.aclose()

    return beside


def _when_told_to_stop(do: Callable[[], None]) -> None:
    """Before the server's own handler, which waits for the requests under way: a long poll would hold it up."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        before = signal.getsignal(number)
        assert callable(before)  # noqa: S101 - the server has put its own there

        def stop(number: int, frame: FrameType | None, before: Callable[[int, FrameType | None], Any] = before) -> None:
            loop.call_soon_threadsafe(do)
            before(number, frame)

        signal.signal(number, stop)


def _end_with_parent() -> None:
    """A worker whose supervisor was killed would hold the port for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        loop = asyncio.get_running_loop()

        def orphaned() -> None:
            loop.remove_reader(parent.sentinel)
            signal.raise_signal(signal.SIGTERM)

        loop.add_reader(parent.sentinel, orphaned)
