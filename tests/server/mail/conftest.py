"""What the mail's tests share: a database, clocks that are moved, post offices, a worker at work."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from server.mail.delivery import Delivery
from server.mail.messages import Messages
from server.randomness import SystemRandomness
from server.records.database import fetch
from server.settings import MailSettings, SiteSettings
from tests.server.mail.desk import KEYS, LONG_ENOUGH_S, SENDER, Desk, MovableClock
from tests.server.mail.post_office import PostOffice


@pytest.fixture
def clock() -> MovableClock:
    """The clock that mails are written by."""
    return MovableClock()


@pytest.fixture
def machine() -> MovableClock:
    """The clock of leases and retries."""
    return MovableClock()


@pytest.fixture
def messages() -> Messages:
    return Messages(SiteSettings(), SENDER, SystemRandomness())


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PEM file with key and certificate of localhost, its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    """The server's side."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's certificate is one that this machine believes."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


OpenOffice = Callable[[PostOffice], Awaitable[PostOffice]]


@pytest_asyncio.fixture
async def open_office() -> AsyncIterator[OpenOffice]:
    """Opens post offices, and closes them after the test."""
    offices: list[PostOffice] = []

    async def open_one(office: PostOffice) -> PostOffice:
        offices.append(office)
        await office.open()
        return office

    yield open_one
    for office in offices:
        await office.close()


@pytest_asyncio.fixture
async def office(open_office: OpenOffice) -> PostOffice:
    return await open_office(PostOffice())


@pytest_asyncio.fixture
async def desk(database: None, messages: Messages, clock: MovableClock) -> Desk:
    """An empty outbox."""
    await fetch("TRUNCATE outbox_message")
    return Desk(messages, clock)


Working = Callable[[MailSettings], AbstractAsyncContextManager[asyncio.Event]]


@pytest.fixture
def working(clock: MovableClock, machine: MovableClock) -> Iterator[Working]:
    """Has a delivery worker run while the block lasts; gives what stops it."""

    @asynccontextmanager
    async def work(settings: MailSettings) -> AsyncIterator[asyncio.Event]:
        stop = asyncio.Event()
        running = asyncio.create_task(Delivery(settings, clock, KEYS, machine).run(stop))
        try:
            yield stop
        finally:
            stop.set()
            await asyncio.wait_for(running, LONG_ENOUGH_S)

    return work
