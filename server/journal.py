"""Every event that matters: one row in the number's activity and one structured log line, neither with a secret.

The log knows the number only by its keyed hash. Source: security page, last line.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog

from server.clock import Clock
from server.metrics import EVENTS
from server.records import activity
from server.records.activity import Event
from server.records.database import after_commit
from server.refusals import Refused
from server.request_context import Caller

_log = structlog.get_logger("portillon.journal")


class Journal:
    """Writes events down."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def note(self, subject: bytes, caller: Caller, kind: str, outcome: str = "done", **details: object) -> None:
        """Note one event of a number; inside a transaction the line and the metric wait for its commit."""
        await self.write(subject, Event(self._clock.now(), kind, outcome, caller.browser, details))

    async def write(self, subject: bytes, event: Event) -> None:
        """The same for what no request has brought about."""
        await activity.add(subject, event)

        def tell() -> None:
            EVENTS.labels(event.kind, event.outcome).inc()
            _log.info(event.kind, outcome=event.outcome, subject=subject.hex(), device=event.device, **event.details)

        after_commit(tell)

    @asynccontextmanager
    async def noting(self, subject: bytes, caller: Caller, kind: str) -> AsyncIterator[None]:
        """Note any refusal of the block, once, and let it go on."""
        try:
            yield
        except Refused as refusal:
            await self.refused(subject, caller, kind, refusal)
            raise

    @contextmanager
    def noting_nobody(self, caller: Caller, kind: str) -> Iterator[None]:
        """A refusal of the block that is no account's: the line and the metric alone."""
        try:
            yield
        except Refused as refusal:
            EVENTS.labels(kind, refusal.why.slug).inc()
            _log.info(kind, outcome=refusal.why.slug, because=refusal.because, device=caller.browser)
            raise

    async def refused(self, subject: bytes, caller: Caller, kind: str, refusal: Refused) -> None:
        """Note a refusal."""
        known = {**refusal.members, **({"because": refusal.because} if refusal.because else {})}
        told = {name: known[name] for name in ("scope", "until", "tries_left", "next", "because") if name in known}
        await self.note(subject, caller, kind, refusal.why.slug, **told)
