"""The demo never runs where it could be taken for the service: not on a public address, not on others' data.

Source: contract, *Demo mode* (heading). Its own databases bear a mark, the table ``demo_mark``, which only the demo makes.
"""

import hashlib
import ipaddress
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg

from server.records.database import COMMAND_TIMEOUT_S, CONNECT_TIMEOUT_S
from server.settings import Settings

_MAKE = """
CREATE TABLE demo_mark (keys varchar(64) NOT NULL);
CREATE SEQUENCE demo_rank MINVALUE 1000;
"""
# Some data of a service that is no demo: an insured person or an account.
_PEOPLED = "SELECT EXISTS (SELECT FROM insured_person) OR EXISTS (SELECT FROM account)"


class DemoRefused(RuntimeError):
    """The demo may not run here; the message says why in one sentence."""


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine reaches this host name or address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def refuse_production(public_url: str, hosts: Iterable[str]) -> None:
    """Raises DemoRefused where these are the settings of a service that others reach."""
    if urlsplit(public_url).scheme != "http":
        raise DemoRefused(f"The demo is served over http on this machine only, and PORTILLON_PUBLIC_URL is {public_url}.")
    public = sorted(host for host in hosts if not is_loopback(host))
    if public:
        raise DemoRefused(f"The demo answers this machine only, and the settings name {', '.join(public)}.")


async def claim(settings: Settings) -> bool:
    """Mark an empty database as the demo's; whether it was not marked before.

    Raises DemoRefused on a database that holds people and bears no mark, or was made with other keys; or an error of asyncpg.
    """
    async with _connected(settings) as connection:
        if await connection.fetchval("SELECT to_regclass('demo_mark')"):
            if await connection.fetchval("SELECT keys FROM demo_mark") != _fingerprint(settings):
                raise DemoRefused("This demo database was made with another data folder's keys: name that folder with --data.")
            return False
        if await connection.fetchval("SELECT to_regclass('account')") and await connection.fetchval(_PEOPLED):
            raise DemoRefused("The database at DATABASE_URL holds people and is no demo database: give the demo one of its own.")
        async with connection.transaction():
            await connection.execute(_MAKE)
            await connection.execute("INSERT INTO demo_mark (keys) VALUES ($1)", _fingerprint(settings))
        return True


async def require_mark(settings: Settings) -> None:
    """Raises DemoRefused on a database that `claim` has not marked; or an error of asyncpg."""
    async with _connected(settings) as connection:
        if not await connection.fetchval("SELECT to_regclass('demo_mark')"):
            raise DemoRefused("The database at DATABASE_URL is no demo database: start the demo with `portillon demo`.")


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(settings.database_url, timeout=CONNECT_TIMEOUT_S, command_timeout=COMMAND_TIMEOUT_S)
    try:
        yield connection
    finally:
        await connection.close()


def _fingerprint(settings: Settings) -> str:
    keys = (settings.number_key, *(key for _, key in settings.master_keys))
    return hashlib.sha256(b"demo" + b"".join(keys)).hexdigest()
