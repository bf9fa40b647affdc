"""Connections to the SMTP server: TLS where it is set, one kept for many mails, a new one where the old one died."""

import ssl
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiosmtplib import SMTPAuthenticationError, SMTPException, SMTPRecipientRefused, SMTPSenderRefused

from server.mail.smtp import MailRefused, SmtpServer
from server.settings import MailSettings
from tests.server.mail.conftest import OpenOffice
from tests.server.mail.desk import mail_settings
from tests.server.mail.post_office import PostOffice

pytestmark = pytest.mark.asyncio
MESSAGE = b"Subject: essai\r\n\r\n.une ligne\r\n..\r\nfin\r\n"
CLAIRE = "claire@poste.example"


@pytest_asyncio.fixture
async def to_office(office: PostOffice) -> AsyncIterator[SmtpServer]:
    server = SmtpServer(mail_settings(office))
    yield server
    await server.close()


async def send(server: SmtpServer, recipient: str = CLAIRE) -> None:
    async with server.envelope() as envelope:
        await envelope.send(recipient, MESSAGE)


async def send_once(settings: MailSettings) -> None:
    server = SmtpServer(settings)
    try:
        await send(server)
    finally:
        await server.close()


async def test_one_connection_carries_many_mails_unchanged(office: PostOffice, to_office: SmtpServer) -> None:
    for _ in range(5):
        await send(to_office)
    assert office.connections == 1
    assert office.raw == [MESSAGE] * 5


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_tls(open_office: OpenOffice, tls: ssl.SSLContext, security: str) -> None:
    office = await open_office(PostOffice(starttls=tls) if security == "starttls" else PostOffice(tls=tls))
    await send_once(mail_settings(office, security=security))
    assert office.recipients() == [CLAIRE]
    assert office.in_clear == 0


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_of_nobody_is_not_believed(open_office: OpenOffice, tls: ssl.SSLContext, security: str) -> None:
    office = await open_office(PostOffice(starttls=tls) if security == "starttls" else PostOffice(tls=tls))
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        await send_once(mail_settings(office, security=security))
    assert office.commands == []


@pytest.mark.usefixtures("trusted")
async def test_a_certificate_of_another_name_is_not_believed(open_office: OpenOffice, tls: ssl.SSLContext) -> None:
    office = await open_office(PostOffice(starttls=tls))
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        await send_once(mail_settings(office, security="starttls", host="127.0.0.1"))
    assert office.commands == []


async def test_no_mail_in_clear_where_the_server_has_no_starttls(office: PostOffice) -> None:
    with pytest.raises(SMTPException, match="STARTTLS"):
        await send_once(mail_settings(office, security="starttls"))
    assert office.commands == []


@pytest.mark.usefixtures("trusted")
async def test_authentication(open_office: OpenOffice, tls: ssl.SSLContext) -> None:
    office = await open_office(PostOffice(starttls=tls, login=("portillon", "s3cret")))
    settings = mail_settings(office, security="starttls", user="portillon", password="s3cret")  # noqa: S106
    await send_once(settings)
    assert office.recipients() == [CLAIRE]
    with pytest.raises(SMTPAuthenticationError):
        await send_once(mail_settings(office, security="starttls", user="portillon", password="wrong"))  # noqa: S106
    assert office.recipients() == [CLAIRE]


async def test_a_connection_that_the_server_closed_is_replaced(office: PostOffice, to_office: SmtpServer) -> None:
    await send(to_office)
    office.hang_up()
    await send(to_office)
    assert office.recipients() == [CLAIRE] * 2
    assert office.connections == 2


@pytest.mark.parametrize("answer", ["421 idle for too long", "452 enough for one connection"])
async def test_a_connection_that_the_server_wants_no_more_is_replaced(
    office: PostOffice, to_office: SmtpServer, answer: str
) -> None:
    await send(to_office)
    office.answers["MAIL"] = [answer]
    await send(to_office)
    assert office.recipients() == [CLAIRE] * 2
    assert office.connections == 2


async def test_a_sender_refused_on_a_fresh_connection_is_told(office: PostOffice, to_office: SmtpServer) -> None:
    office.answers["MAIL"] = ["550 not you"]
    with pytest.raises(SMTPSenderRefused):
        await send(to_office)


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
async def test_a_refusal_for_good(office: PostOffice, to_office: SmtpServer, command: str) -> None:
    office.answers[command] = ["550 no such mailbox"]
    with pytest.raises(MailRefused, match="550 no such mailbox"):
        await send(to_office, "nobody@poste.example")
    await send(to_office)
    assert office.recipients() == [CLAIRE]
    assert office.connections == 1
    assert office.commands.count("RSET") == 1


async def test_a_refusal_for_now(office: PostOffice, to_office: SmtpServer) -> None:
    office.answers["RCPT"] = ["451 come back later"]
    with pytest.raises(SMTPRecipientRefused):
        await send(to_office)
    await send(to_office)
    assert office.recipients() == [CLAIRE]


async def test_a_recipient_never_slips_into_the_next_mail(office: PostOffice, to_office: SmtpServer) -> None:
    office.answers["DATA"] = ["554 no"]
    with pytest.raises(MailRefused):
        await send(to_office, "first@poste.example")
    await send(to_office, "second@poste.example")
    assert office.recipients() == ["second@poste.example"]
