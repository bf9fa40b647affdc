"""What a thief of the database, the store or the outbox would find: no code, password or token (security page)."""

import base64
from typing import Any

import pytest

from server.records.database import fetch
from server.records.redis import Store
from server.records.tables import ALL
from tests.server.inside import PASSWORD, Inside, Jar

pytestmark = pytest.mark.usefixtures("database")


async def everything_stored() -> str:
    """All rows of all tables, and all keys and values of the store, as text and with bytes in hexadecimal digits."""
    found: list[str] = []
    for table in ALL:
        rows = await fetch(f"SELECT t::text AS row FROM {table._meta.tablename} t")
        found += [f"{table._meta.tablename} {row['row']}" for row in rows]
    client = Store.client()
    async for key in client.scan_iter():
        kind = await client.type(key)
        value: Any = await (
            client.hgetall(key) if kind == b"hash" else client.zrange(key, 0, -1) if kind == b"zset" else client.get(key)
        )
        found.append(f"store {key!r} {value!r}")
    return "\n".join(found)


def forms(secret: str) -> list[str]:
    raw = secret.encode()
    return [secret, raw.hex(), base64.b64encode(raw).decode().rstrip("=")]


async def test_no_code_password_or_token_is_stored_and_the_number_in_the_registry_only() -> None:
    inside = Inside()
    nir, browser, other = await inside.person(), Jar(inside), Jar(inside)
    await browser.log_in(nir, trust=True)
    await other.enter(nir)
    await inside.login.send_code(other.request())
    code = await inside.mailed_code(nir)
    stored = await everything_stored()
    secrets = [PASSWORD, browser.came["session"], browser.came["device"], browser.came["device"][-43:], other.came["attempt"]]
    assert len(secrets[3]) == 43
    assert [form for secret in secrets for form in forms(secret) if form in stored] == []
    lines = [line for line in stored.splitlines() if nir in line or nir.encode().hex() in line]
    assert {line.split()[0] for line in lines} == {"insured_person"}
    rows = [line for line in stored.splitlines() if line.startswith(("code ", "outbox_message ", "activity "))]
    assert rows
    # Six digits alone may stand in an instant's microseconds.
    assert [row for row in rows if f"{code[:3]} {code[3:]}" in row or code.encode().hex() in row or f'"{code}"' in row] == []
