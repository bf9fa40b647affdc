"""Puts a mail into the outbox, in the transaction of what it tells."""

from server.clock import Clock
from server.keys import Keys
from server.records import outbox
from server.records.outbox import OutgoingMail


class Post:
    """Seals mails and stamps them with the clock in force."""

    def __init__(self, clock: Clock, keys: Keys) -> None:
        self._clock = clock
        self._keys = keys

    async def put(self, mail: OutgoingMail) -> None:
        """Delivered as soon as the transaction in force has committed."""
        await outbox.put(mail, now=self._clock.now(), clock_name=self._clock.name, seal=self._keys.seal)
