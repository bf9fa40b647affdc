"""Every event that matters: one row in the number's activity and one structured log line, neither with a secret.

The log knows the number only by its keyed hash. Source: security page, last line.
"""

import structlog

from server.clock import Clock
from server.metrics import EVENTS
from server.records import activity
from server.records.activity import Event
from server.refusals import Refused
from server.request_context import Caller

_log = structlog.get_logger("portillon.journal")


class Journal:
    """Writes events down."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def note(self, subject: bytes, caller: Caller, kind: str, outcome: str = "done", **details: object) -> None:
        """Note one event of a number."""
        EVENTS.labels(kind, outcome).inc()
        _log.info(kind, outcome=outcome, subject=subject.hex(), device=caller.browser, **details)
        await activity.add(subject, Event(self._clock.now(), kind, outcome, caller.browser, details))

    async def refused(self, subject: bytes, caller: Caller, kind: str, refusal: Refused) -> Refused:
        """Note a refusal, and hand it back to be raised."""
        told = {name: refusal.members[name] for name in ("scope", "until", "tries_left", "next") if name in refusal.members}
        await self.note(subject, caller, kind, refusal.why.slug, **told)
        return refusal
