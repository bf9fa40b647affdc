"""A real SMTP server in the test's own event loop, with faults on demand."""

import asyncio
import email
import email.policy
import ssl
from collections.abc import Awaitable, Callable
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

LONG_ENOUGH_S = 15.0


async def _nothing() -> None:
    """What there is to do at most times."""


class PostOffice:
    """Takes mails at `port` of localhost once `opened`.

    `answers` holds what to reply, instead of 250, to the next commands of a name ("MAIL", "RCPT", "DATA", "AUTH").
    A command towards an address in `stuck` is never answered; any other one after `pause_s`.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        starttls: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
    ) -> None:
        self.mails: list[tuple[str, EmailMessage]] = []
        self.raw: list[bytes] = []
        self.commands: list[str] = []
        self.answers: dict[str, list[str]] = {}
        self.stuck: set[str] = set()
        self.pause_s = 0.0
        self.connections = 0
        self.port = 0
        self.in_clear = 0
        # Called at each connection before the greeting, and before a mail's taking is told.
        self.on_connect: Callable[[], None] = lambda: None
        self.on_data: Callable[[], Awaitable[None]] = _nothing
        self._tls, self._starttls, self._login = tls, starttls, login
        self._changed = asyncio.Condition()
        self._protocols: list[SMTP] = []
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen; at the same port when it is opened again."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "localhost", self.port, ssl=self._tls, reuse_address=True)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Be gone, in the midst of whatever it is."""
        if self._server:
            self._server.close()
        self.hang_up()

    def hang_up(self) -> None:
        """Close every connection, without a word."""
        for protocol in self._protocols:
            if protocol.transport:
                protocol.transport.abort()
        self._protocols.clear()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something is so. Raises TimeoutError after a long while."""
        async with asyncio.timeout(LONG_ENOUGH_S), self._changed:
            await self._changed.wait_for(true)

    async def mail(self, nth: int = 1) -> EmailMessage:
        """The nth mail that was taken, once it is there."""
        await self.until(lambda: len(self.mails) >= nth)
        return self.mails[nth - 1][1]

    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.mails]

    def _protocol(self) -> SMTP:
        self.connections += 1
        self.on_connect()
        protocol = SMTP(
            self,
            hostname="post.example",
            tls_context=self._starttls,
            authenticator=self._authenticate if self._login else None,
            auth_required=self._login is not None,
        )
        self._protocols.append(protocol)
        return protocol

    def _authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _way: str, data: object) -> AuthResult:
        assert isinstance(data, LoginPassword)
        assert self._login
        return AuthResult(success=(data.login.decode(), data.password.decode()) == self._login, handled=False)

    async def _note(self, command: str, address: str = "") -> str:
        async with self._changed:
            self.commands.append(command)
            self._changed.notify_all()
        await asyncio.sleep(self.pause_s)
        if address in self.stuck:
            await asyncio.Event().wait()
        answers = self.answers.get(command)
        return answers.pop(0) if answers else "250 OK"

    async def handle_MAIL(  # noqa: N802 - aiosmtpd finds it by this name
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        assert server.transport
        self.in_clear += server.transport.get_extra_info("sslcontext") is None
        answer = await self._note("MAIL")
        if answer.startswith("250"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = await self._note("RCPT", address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = await self._note("DATA", f"data:{envelope.rcpt_tos[0]}")
        if answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            message = email.message_from_bytes(envelope.content, policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            async with self._changed:
                self.raw.append(envelope.content)
                self.mails.extend((recipient, message) for recipient in envelope.rcpt_tos)
                self._changed.notify_all()
        await self.on_data()
        return answer

    async def handle_RSET(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        return await self._note("RSET")
