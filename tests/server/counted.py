"""One number's counters, driven as the flows drive them; what comes out reads like the model's outcomes."""

from collections.abc import Coroutine
from itertools import count
from typing import Any

from server.refusals import Refused, Why
from server.throttle import LOGIN_CODE_REQUESTS, Charge, Throttle, Tries
from tests.server.mail.desk import MovableClock
from tests.server.throttle_model import Outcome

_subjects = count(1)


def new_subject() -> bytes:
    return next(_subjects).to_bytes(16, "big")


def told(refused: Refused) -> Outcome:
    """A refusal as the model writes it."""
    members = refused.members
    if refused.why is Why.LOCKED:
        return "locked", members["scope"], members["until"]
    return refused.why.slug, members["next"] if refused.why is Why.STEP_MISSING else members["tries_left"]


async def refusal(work: Coroutine[Any, Any, None]) -> Outcome | None:
    """How it is refused; None where it is not."""
    try:
        await work
    except Refused as refused:
        return told(refused)
    return None


class Counted:
    """One number's counters, driven as the flows drive them."""

    def __init__(self) -> None:
        self.clock = MovableClock()
        self.throttle = Throttle(self.clock)
        self.subject = new_subject()

    async def charge(self, what: Tries, channel: str = "") -> Charge | Outcome:
        try:
            return await self.throttle.charge(self.subject, what, channel)
        except Refused as refused:
            return told(refused)

    async def finish(self, charge: Charge, right: bool) -> Outcome:
        if not right:
            return told(self.throttle.failed(charge, Why.INVALID_CODE))
        return await refusal(self.throttle.settle(charge)) or ("right",)

    async def judge(self, what: Tries, channel: str = "", *, right: bool = False) -> Outcome:
        charge = await self.charge(what, channel)
        return await self.finish(charge, right) if isinstance(charge, Charge) else charge

    async def ask(self) -> Outcome:
        try:
            return "granted", await self.throttle.grant(self.subject, LOGIN_CODE_REQUESTS)
        except Refused as refused:
            return told(refused)
