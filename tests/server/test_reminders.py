"""Reminders before a credential or a trusted device expires (security page, *WebAuthn*, last line)."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from server import policy
from server.jobs.reminders import Reminders
from server.jobs.worker import run_jobs
from server.journal import Journal
from server.randomness import SystemRandomness
from server.records import activity, reminders
from server.records.database import fetch
from server.records.reminders import Window
from tests.server.inside import Inside, Jar
from tests.server.mail.post_office import LONG_ENOUGH_S

pytestmark = pytest.mark.usefixtures("database")
ACCOUNT = "(SELECT a.id FROM account a JOIN insured_person p ON p.id = a.person WHERE p.nir = $1)"
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
FAR, NEAR = policy.REMINDERS_BEFORE_EXPIRY
TABLES = {"trusted_device": "device-expiring", "biometric_credential": "biometric-expiring"}
ADD = {
    "trusted_device": "INSERT INTO trusted_device (id, account, token_hash, label, created_at, expires_at, clock)"
    f" SELECT gen_random_uuid(), {ACCOUNT}, 'hash', 'Firefox sur Linux', $2, $3, $4",
    "biometric_credential": "INSERT INTO biometric_credential (id, account, credential_id, label, created_at, expires_at, clock)"
    f" SELECT gen_random_uuid(), {ACCOUNT}, uuid_send(gen_random_uuid()), 'Firefox sur Linux', $2, $3, $4",
}


class Household:
    """Somebody whose device or credential will end at `ends_at`, and the job."""

    def __init__(self, inside: Inside, table: str) -> None:
        self.inside = inside
        self.table = table
        self.kind = TABLES[table]
        self.ends_at = inside.clock.now() + 180 * DAY

    async def make(self, *, clock: str = "") -> str:
        """Somebody's number."""
        nir = await self.inside.person()
        await fetch(ADD[self.table], nir, self.inside.clock.now(), self.ends_at, clock)
        return nir

    def at(self, left: timedelta) -> None:
        """So long before the end."""
        self.inside.clock.advance(self.ends_at - left - self.inside.clock.now())

    async def run(self, clock: str = "") -> None:
        await self.job().run_once(clock)

    def job(self) -> Reminders:
        parts = self.inside.parts
        return Reminders(parts.settings, self.inside.clock, parts.keys, SystemRandomness())

    async def mails(self, nir: str) -> list[str]:
        """The kinds of the reminders that wait in the outbox."""
        rows = await fetch(
            f"SELECT kind FROM outbox_message WHERE kind LIKE '%-expiring'"
            f" AND recipient = (SELECT email FROM account WHERE id = {ACCOUNT})",
            nir,
        )
        return [row["kind"] for row in rows]

    async def change(self, sql: str, nir: str, *values: Any) -> None:
        await fetch(sql, nir, *values)


@pytest.fixture(params=TABLES)
async def house(request: pytest.FixtureRequest, database: None) -> Household:
    await fetch("TRUNCATE trusted_device, biometric_credential, known_browser")
    return Household(Inside(), request.param)


@pytest.mark.parametrize(
    ("left", "due"),
    [
        (FAR + SECOND, 0),
        (FAR, 1),
        (FAR - SECOND, 1),
        (NEAR + SECOND, 1),
        (NEAR, 1),
        (SECOND, 1),
        (timedelta(), 0),
        (-SECOND, 0),
    ],
)
async def test_from_when_on(house: Household, left: timedelta, due: int) -> None:
    nir = await house.make()
    house.at(left)
    for _ in range(2):
        await house.run()
    assert await house.mails(nir) == [house.kind] * due


async def test_each_reminder_once(house: Household) -> None:
    nir = await house.make()
    for left, sent in ((FAR, 1), (FAR - DAY, 1), (NEAR + SECOND, 1), (NEAR, 2), (DAY, 2), (-DAY, 2)):
        house.at(left)
        await house.run()
        assert await house.mails(nir) == [house.kind] * sent


async def test_after_a_pause_the_nearest_alone(house: Household) -> None:
    nir = await house.make()
    house.at(DAY)
    await house.run()
    assert await house.mails(nir) == [house.kind]
    [row] = await fetch(f"SELECT reminders FROM {house.table}")
    assert row["reminders"] == 2


@pytest.mark.parametrize(
    "why_not",
    [
        f"UPDATE {{table}} SET ended_at = created_at WHERE account = {ACCOUNT}",
        f"UPDATE account SET ended_at = '2026-11-21T11:00:00+00:00' WHERE id = {ACCOUNT}",
        f"UPDATE account SET closed_on = '2026-11-30' WHERE id = {ACCOUNT}",
        f"UPDATE account SET email_confirmed_at = NULL WHERE id = {ACCOUNT}",
        f"UPDATE account SET email = NULL WHERE id = {ACCOUNT}",
    ],
)
async def test_nobody_is_told_of_what_lets_nobody_in_or_where_there_is_no_address(house: Household, why_not: str) -> None:
    nir, other = await house.make(), await house.make()
    await house.change(why_not.format(table=house.table), nir)
    house.at(FAR)
    await house.run()
    assert await house.mails(nir) == []
    assert await house.mails(other) == [house.kind]


async def test_what_was_made_since_everything_ended_is_told_of(house: Household) -> None:
    nir = await house.make()
    await fetch(f"UPDATE account SET ended_at = $2 WHERE id = {ACCOUNT}", nir, house.inside.clock.now() - SECOND)
    house.at(FAR)
    await house.run()
    assert await house.mails(nir) == [house.kind]


async def test_an_address_that_takes_no_mail_stops_nobody_elses(house: Household) -> None:
    nobody, nir = await house.make(), await house.make()
    await fetch(f"UPDATE account SET email = 'élise@poste.example' WHERE id = {ACCOUNT}", nobody)
    house.at(FAR)
    await house.run()
    assert await house.mails(nir) == [house.kind]


async def test_claim_and_mail_stand_or_fall_together(house: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    nir = await house.make()
    house.at(FAR)

    async def crash(*_: object) -> None:
        raise LookupError

    with monkeypatch.context() as broken:
        broken.setattr(Journal, "write", crash)
        with pytest.raises(LookupError):
            await house.run()
    assert await house.mails(nir) == []
    await house.run()
    assert await house.mails(nir) == [house.kind]


async def test_many_workers_at_once_tell_everybody_once(house: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.jobs.reminders._BATCH", 4)
    people = [await house.make() for _ in range(30)]  # all at one instant
    house.at(FAR)
    await asyncio.gather(*(house.run() for _ in range(6)))
    await house.run()
    assert [await house.mails(nir) for nir in people] == [[house.kind]] * 30


async def test_a_run_goes_on_after_the_last_it_has_told(house: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.jobs.reminders._BATCH", 4)
    people = []
    for _ in range(11):
        people.append(await house.make())
        house.ends_at -= SECOND
    house.at(FAR - 20 * SECOND)
    await house.run()
    assert [await house.mails(nir) for nir in people] == [[house.kind]] * 11


async def test_the_security_activity_shows_it(house: Household) -> None:
    nir = await house.make()
    house.at(FAR)
    await house.run()
    [event] = await activity.latest(house.inside.parts.keys.subject(nir), count=9)
    assert (event.kind, event.device, event.at) == (house.kind, "Firefox sur Linux", house.inside.clock.now())
    assert datetime.fromisoformat(event.details["expires_at"]) == house.ends_at


async def test_each_row_lives_by_its_own_clock(house: Household) -> None:
    here, there = await house.make(), await house.make(clock="elsewhere")
    house.inside.clock.advance(house.ends_at - FAR - house.inside.clock.now("elsewhere"), "elsewhere")
    await house.run()
    assert (await house.mails(here), await house.mails(there)) == ([], [])
    await house.run("elsewhere")
    assert (await house.mails(here), await house.mails(there)) == ([], [house.kind])
    [row] = await fetch("SELECT clock, created_at, expires_at FROM outbox_message WHERE kind = $1 AND clock <> ''", house.kind)
    now = house.inside.clock.now("elsewhere")
    assert tuple(row) == ("elsewhere", now, now + policy.MAIL_GIVEN_UP_AFTER)


async def test_what_the_flows_make_is_told_of(database: None) -> None:
    """The rows of these tests are like those that a login makes."""
    inside = Inside()
    house = Household(inside, "trusted_device")
    nir, browser = await inside.person(), Jar(inside)
    await browser.log_in(nir, trust=True)
    [row] = await fetch(f"SELECT expires_at FROM trusted_device WHERE account = {ACCOUNT}", nir)
    house.ends_at = row["expires_at"]
    house.at(NEAR)
    await house.run()
    assert await house.mails(nir) == ["device-expiring"]


async def test_they_go_out_beside_the_doors(house: Household) -> None:
    nir, parts, stop = await house.make(), house.inside.parts, asyncio.Event()
    house.at(FAR)
    running = asyncio.create_task(run_jobs(parts.settings, house.inside.clock, parts.keys, stop))
    try:
        async with asyncio.timeout(LONG_ENOUGH_S):
            while await house.mails(nir) != [house.kind]:
                await asyncio.sleep(0.01)
    finally:
        stop.set()
        await running


async def test_their_trouble_ends_no_other_job(house: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = asyncio.Event()

    async def trouble(*_: object) -> None:
        stop.set()
        raise LookupError

    monkeypatch.setattr(Reminders, "run_once", trouble)
    await house.job().run(stop)


async def test_of_many_rows_only_those_that_end_soon_are_read(house: Household) -> None:
    """By the partial index, whatever the number of rows."""
    nir, now = await house.inside.person(), house.inside.clock.now()
    name = "uuid_send(gen_random_uuid())" if house.table == "biometric_credential" else "'hash'"
    column = "credential_id" if house.table == "biometric_credential" else "token_hash"
    await fetch(
        f"INSERT INTO {house.table} (id, account, {column}, label, created_at, expires_at) SELECT gen_random_uuid(), {ACCOUNT}, {name},"
        " 'Edge', $2, $2::timestamptz + n * interval '20 minutes' FROM generate_series(1, 13000) n",
        nir,
        now,
    )
    await fetch(f"ANALYZE {house.table}")
    window = Window(now + NEAR, now + FAR, "", 1)
    sql = reminders.CLAIM.format(table=house.table)
    values = (window.after, window.after, window.until, window.clock_name, window.reminder, 50)
    [explained] = await fetch(f"EXPLAIN (FORMAT JSON) {sql}", *values)
    assert f'"{house.table}_ending"' in json.dumps(json.loads(explained[0]))
    await fetch(f"DELETE FROM {house.table} WHERE account = {ACCOUNT}", nir)
