"""Somebody with a browser and an authenticator, who calls the flows directly, by a clock that stands still."""

from collections.abc import Awaitable
from typing import Any

import pytest
from redis.asyncio.connection import AbstractConnection

from server.admission import SignedIn
from server.records import accounts
from server.records.accounts import Account
from server.refusals import Refused
from tests.authenticator import SoftwareAuthenticator
from tests.server.inside import Inside, Jar

ORIGIN = "http://localhost:8000"


class Owner(Jar):
    """Cookies and an authenticator; `nir` is whose they are, where one person has them alone."""

    def __init__(self, inside: Inside, nir: str = "") -> None:
        super().__init__(inside)
        self.nir = nir
        self.authenticator = SoftwareAuthenticator(ORIGIN)

    async def asked(self, work: Any, *given: Any, **named: Any) -> Any:
        """One call of a flow, with this browser's cookies."""
        caller = self.request()
        try:
            return await work(caller, *given, **named)
        finally:
            self.keep(caller)

    async def log_in(self, nir: str | None = None, *, trust: bool = False) -> None:
        await super().log_in(nir or self.nir, trust=trust)

    async def made(self, **how: Any) -> dict[str, Any]:
        """A registration's response, not yet sent."""
        return self.authenticator.create(await self.asked(self.inside.parts.biometrics.registration_options), **how)

    async def activate(self) -> Any:
        return await self.asked(self.inside.parts.biometrics.register, await self.made())

    async def come_in(self, **how: Any) -> None:
        flow = self.inside.parts.biometrics
        await self.asked(flow.log_in, self.authenticator.get(await self.asked(flow.login_options), **how))

    async def leave(self) -> None:
        await self.asked(self.inside.login.log_out)

    async def who(self) -> SignedIn:
        return await self.inside.parts.admission.signed_in(self.request())

    async def offered(self) -> bool:
        return await self.inside.parts.offer.stands(self.request(), await self.who())

    async def account(self) -> Account:
        account = await accounts.by_nir(self.nir)
        assert account is not None
        return account


async def owner(inside: Inside, nir: str | None = None) -> Owner:
    """Logged in once, by password and code."""
    one = Owner(inside, nir or await inside.person())
    await one.log_in()
    return one


async def refusal(work: Awaitable[Any]) -> Refused:
    with pytest.raises(Refused) as refused:
        await work
    return refused.value


def count_redis(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The round trips to Redis from here on."""
    asked: list[object] = []
    send = AbstractConnection.send_packed_command

    async def counted(self: AbstractConnection, command: Any, *more: Any, **named: Any) -> None:
        asked.append(command)
        await send(self, command, *more, **named)

    monkeypatch.setattr(AbstractConnection, "send_packed_command", counted)
    return asked
