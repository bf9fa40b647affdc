"""What breaks around us, on a demo with engines of its own (security page, *Faults*). Time-outs are real, so each fault is met once."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import pytest

from e2e.kit.process import RunningDemo, running_demo
from server.embedded import EmbeddedEngines
from tests.server.biometrics.phone import active
from tests.server.engines_in_trouble import Valkey, frozen, postmaster
from tests.support import JsonBrowser, Person, Site, together

WITHOUT_REDIS_S, WITHOUT_POSTGRES_S, WELL_AGAIN_S = 2.0, 5.0, 5.0


@dataclass(frozen=True)
class Stage:
    demo: RunningDemo
    valkey: Valkey
    postgres: int
    database_url: str


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    data, valkey = tmp_path_factory.mktemp("e"), Valkey(tmp_path_factory.mktemp("v"))
    valkey.start()
    try:
        with EmbeddedEngines.start(data) as engines:
            where = {"DATABASE_URL": engines.addresses.database_url, "REDIS_URL": valkey.url}
            with running_demo(tmp_path_factory.mktemp("demo"), "--workers", "2", environment=where) as demo:
                yield Stage(demo, valkey, postmaster(data), engines.addresses.database_url)
    finally:
        valkey.kill()


@pytest.fixture
async def site(stage: Stage) -> AsyncIterator[Site]:
    async with Site(stage.demo.url) as site:
        yield site


async def json_browser(site: Site) -> JsonBrowser:
    browser = await site.browser("json")
    assert isinstance(browser, JsonBrowser)
    return browser


async def within(seconds: float, work: Awaitable[Any]) -> Any:
    began = time.monotonic()
    done = await work
    assert time.monotonic() - began <= seconds
    return done


async def well_again(site: Site, person: Person) -> None:
    """Every part answers, and somebody comes in."""
    async with asyncio.timeout(WELL_AGAIN_S):
        while (await site.demo.get("/health/ready")).status_code != 200:
            pass
        while (await (await json_browser(site)).enter(person)).status == 503:
            pass


def unavailable(response: httpx.Response) -> None:
    assert response.status_code == 503, response.text
    assert int(response.headers["retry-after"]) >= 1


async def test_redis_is_killed_and_comes_back(site: Site, stage: Stage) -> None:
    person, waiting, inside = await site.person(), await json_browser(site), await json_browser(site)
    page, another = await site.browser("pages"), await site.person()
    await inside.log_in(await site.person())
    await waiting.enter(person)
    await waiting.send_code()
    code = await site.code(person)
    await page.open("/connexion")  # type: ignore[attr-defined]
    stage.valkey.kill()
    try:
        for _ in range(3):
            wrong = await within(WITHOUT_REDIS_S, waiting.enter(person, "not the password"))
            assert wrong.refusal == "unavailable"
            unavailable(wrong.response)
        assert (await within(WITHOUT_REDIS_S, waiting.give_code(code))).refusal == "unavailable"
        unavailable(await within(WITHOUT_REDIS_S, inside.http.get("/api/v1/session")))
        unavailable(await within(WITHOUT_REDIS_S, inside.http.get("/accueil")))
        unavailable(await within(WITHOUT_REDIS_S, inside.http.get("/api/v1/devices")))
        same_origin = {"Sec-Fetch-Site": "same-origin"}
        unavailable(await within(WITHOUT_REDIS_S, inside.http.delete("/api/v1/devices/trusted-devices", headers=same_origin)))
        unavailable(await within(WITHOUT_REDIS_S, inside.http.get("/api/v1/devices")))
        for asked in ("login", "registration"):
            unavailable((await within(WITHOUT_REDIS_S, inside.post(f"/biometrics/{asked}/options"))).response)
        shown = await within(WITHOUT_REDIS_S, page.enter(person))
        assert (shown.status, shown.refusal) == (503, "unavailable")
        unavailable(shown.response)
        assert f'value="{person.nir}"' in shown.response.text, "what was typed is not lost"
        opened = await within(WITHOUT_REDIS_S, site.demo.get("/connexion"))
        assert opened.status_code == 200
        ready = await within(WITHOUT_REDIS_S, site.demo.get("/health/ready"))
        assert (ready.status_code, ready.json()["failing"]) == (503, ["store"])
        assert (await site.demo.get("/health/live")).status_code == 200
    finally:
        stage.valkey.start()
    await well_again(site, another)
    assert (await site.why(person.nir))["counters"]["password"]["in_a_row"] == 0
    assert await inside.session() is not None
    assert (await waiting.give_code(code)).next == "home"


async def test_redis_hangs(site: Site, stage: Stage) -> None:
    person, browser = await site.person(), await json_browser(site)
    with frozen(stage.valkey.pid):
        unavailable((await within(WITHOUT_REDIS_S, browser.enter(person))).response)
        assert (await within(WITHOUT_REDIS_S, site.demo.get("/connexion"))).status_code == 200
    await well_again(site, person)


async def test_redis_is_emptied_and_no_lock_or_used_code_is_forgotten(site: Site, stage: Stage) -> None:
    person, browser, inside = await site.person(), await json_browser(site), await json_browser(site)
    other, another = await site.person(), await site.person()
    await inside.enter(other)
    await inside.send_code()
    attempt, code = inside.cookie("attempt"), await site.code(other)
    await inside.give_code(code)
    for _ in range(3):
        locked = await browser.enter(person, "not the password")
    phone = await active(site, another)
    asked_before = phone.authenticator.get(await phone.login_options())
    stage.valkey.empty()
    assert (await phone.present(asked_before)).refusal == "biometric-failed"
    assert (await phone.enter()).next == "home"
    still = await browser.enter(person)
    assert (still.refusal, still.until) == ("locked", locked.until)
    assert await inside.session() is None
    inside.set_cookie("attempt", str(attempt))
    assert (await inside.give_code(code)).next == "login"


async def test_postgresql_hangs_and_the_pool_is_whole_afterwards(site: Site, stage: Stage) -> None:
    *people, another = [await site.person() for _ in range(25)]
    browsers = [await json_browser(site) for _ in people]

    async def enter(place: int) -> Any:
        return await browsers[place].enter(people[place], "not the password")

    with frozen(stage.postgres):
        refused = await within(WITHOUT_POSTGRES_S, together(len(people), enter))
        for answer in refused:
            unavailable(answer.response)
        assert (await within(WITHOUT_POSTGRES_S, site.demo.get("/health/live"))).status_code == 200
        assert (await within(WITHOUT_POSTGRES_S, site.demo.get("/connexion"))).status_code == 200
        ready = await within(WITHOUT_POSTGRES_S, site.demo.get("/health/ready"))
        assert ready.json()["failing"] == ["database"]
    await well_again(site, another)
    answers = await together(len(people), enter)
    assert [answer.refusal for answer in answers] == ["invalid-credentials"] * len(people)


async def test_postgresql_ends_every_connection(site: Site, stage: Stage) -> None:
    """As a fail-over does."""
    person, another, browser = await site.person(), await site.person(), await json_browser(site)
    await browser.enter(person)
    connection = await asyncpg.connect(stage.database_url)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()"
    )
    await connection.close()
    await well_again(site, another)
    await browser.send_code()
    assert (await browser.give_code(await site.code(person))).next == "home"


async def test_the_mail_server_hangs_and_the_mail_comes_after(site: Site, stage: Stage) -> None:
    """The demo's SMTP server lives in the process that started the workers: stopped, it takes connections and says nothing."""
    person, browser = await site.person(), await site.browser("pages")
    with frozen(stage.demo.pid, children=False):
        assert (await within(2, browser.enter(person))).next == "code"
        sent = await within(2, browser.send_code())
        assert sent.reference
        assert await site.mails(person) == []
    mail = await site.mail(person, "login-code")
    assert mail["reference"] == sent.reference
    assert (await browser.give_code(mail["code"])).next == "home"
