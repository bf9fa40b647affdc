"""Notices: terms of use and overlapping insurers, acknowledged on the account (product page, section 2, step 3)."""

import asyncio
from datetime import date, timedelta

import asyncpg
import pytest

from server import policy
from server.records import accounts, activity, registry
from server.records.database import fetch
from server.refusals import Refused, Why
from tests.server.inside import Inside, Jar
from tests.support import JsonBrowser, Person, Site, together

PERSON = "(SELECT id FROM insured_person WHERE nir = $1)"
WAIT_FOR_ACCOUNT = """
SELECT count(*) AS many FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%account%'
"""
# After one login.
BOTH = {"persona": "terms-pending", "overlap_since": "2026-07-01"}


async def signed_in(site: Site, person: Person) -> JsonBrowser:
    browser = await site.browser("json")
    assert isinstance(browser, JsonBrowser)
    await browser.log_in(person)
    return browser


async def waiting(browser: JsonBrowser) -> list[str]:
    session = await browser.session()
    assert session is not None
    assert not (session["notices"] and session["offer_biometrics"]), "notices come first"
    return list(session["notices"])


class TestAtTheDoor:
    async def test_they_come_in_order_and_the_offer_after_the_last(self, site: Site) -> None:
        browser = await signed_in(site, await site.person(**BOTH))
        for left in (["terms", "overlap"], ["overlap"], []):
            assert await waiting(browser) == left
            if left:
                answer = await browser.post(f"/notices/{left[0]}/acknowledge")
                assert (answer.status, answer.response.content) == (204, b"")
        session = await browser.session()
        assert session is not None
        assert session["offer_biometrics"] is True

    async def test_any_order_is_taken(self, site: Site) -> None:
        browser = await signed_in(site, await site.person(**BOTH))
        assert (await browser.post("/notices/overlap/acknowledge")).status == 204
        assert await waiting(browser) == ["terms"]
        assert (await browser.post("/notices/terms/acknowledge")).status == 204
        assert await waiting(browser) == []

    async def test_on_the_account_and_so_in_every_browser_and_for_good(self, site: Site) -> None:
        person = await site.person(**BOTH)
        here, there = await signed_in(site, person), await signed_in(site, person)
        for slug in ("terms", "overlap"):
            await here.post(f"/notices/{slug}/acknowledge")
        assert await waiting(there) == []
        await here.log_out()
        await site.advance("P200D")
        assert await waiting(await signed_in(site, person)) == []

    async def test_one_that_does_not_wait_is_no_fault(self, site: Site) -> None:
        browser = await signed_in(site, await site.person())
        for slug in ("terms", "overlap", "terms"):
            assert (await browser.post(f"/notices/{slug}/acknowledge")).status == 204
        assert await waiting(browser) == []

    async def test_one_that_there_is_not(self, site: Site) -> None:
        browser = await signed_in(site, await site.person(**BOTH))
        for slug in ("news", "Terms", "terms%20", "t%C3%A9rms", "terms%00"):
            answer = await browser.post(f"/notices/{slug}/acknowledge")
            assert (answer.status, answer.refusal) == (404, "not-found")
        assert await waiting(browser) == ["terms", "overlap"]

    @pytest.mark.parametrize("slug", ["terms", "overlap", "news"])
    async def test_only_for_who_is_signed_in(self, site: Site, slug: str) -> None:
        person, browser = await site.person(**BOTH), await site.browser("json")
        assert isinstance(browser, JsonBrowser)
        await browser.enter(person)
        answer = await browser.post(f"/notices/{slug}/acknowledge")
        assert (answer.status, answer.refusal) == (401, "not-signed-in")
        await browser.send_code()
        await browser.give_code(await site.code(person))
        assert await waiting(browser) == ["terms", "overlap"]

    async def test_it_takes_no_body_and_no_other_site_sends_it(self, site: Site) -> None:
        browser = await signed_in(site, await site.person(**BOTH))
        assert (await browser.post("/notices/terms/acknowledge", {"slug": "terms"})).refusal == "invalid-request"
        foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"}
        assert (await browser.http.post("/api/v1/notices/terms/acknowledge", headers=foreign)).status_code == 403
        assert await waiting(browser) == ["terms", "overlap"]
        assert (await browser.post("/notices/terms/acknowledge", {})).status == 204

    async def test_twenty_at_once(self, site: Site) -> None:
        browser = await signed_in(site, await site.person(**BOTH))
        answers = await together(20, lambda place: browser.post(f"/notices/{('terms', 'overlap')[place % 2]}/acknowledge"))
        assert {answer.status for answer in answers} == {204}
        assert await waiting(browser) == []


class TestTheOffer:
    """`offer_biometrics`, said after the code and by the session."""

    async def test_from_the_second_login_on(self, site: Site) -> None:
        person, browser = await site.person(), await site.browser("json")
        for offered in (False, True, True):
            await browser.enter(person)
            await browser.send_code()
            answer = await browser.give_code(await site.code(person))
            session = await browser.session()
            assert session is not None
            assert answer.response.json()["offer_biometrics"] is session["offer_biometrics"] is offered
            await browser.log_out()

    async def test_later_is_until_the_next_login_and_never_is_in_this_browser(self, site: Site) -> None:
        person = await site.person("second-login")
        browser, other = await signed_in(site, person), await signed_in(site, person)
        for answer, offered_next in (("later", True), ("never", False), ("later", True)):
            assert (await browser.post("/biometrics/offer", {"answer": answer})).status == 204
            assert (await _offered(browser), await _offered(other)) == (False, True)
            await browser.log_out()
            await browser.log_in(person)
            assert await _offered(browser) is offered_next

    @pytest.mark.parametrize("body", [{}, {"answer": "yes"}, {"answer": None}, {"answer": "never", "more": 1}])
    async def test_there_is_no_other_answer(self, site: Site, body: dict[str, object]) -> None:
        browser = await signed_in(site, await site.person("second-login"))
        assert (await browser.post("/biometrics/offer", body)).refusal == "invalid-request"
        assert await _offered(browser)

    async def test_only_who_is_signed_in_answers(self, site: Site) -> None:
        browser = await site.browser("json")
        assert isinstance(browser, JsonBrowser)
        assert (await browser.post("/biometrics/offer", {"answer": "later"})).refusal == "not-signed-in"

    async def test_after_a_login_without_a_code_there_is_none(self, site: Site) -> None:
        person, browser = await site.person("second-login"), await site.browser("json")
        await browser.log_in(person, trust=True)
        assert await _offered(browser)
        await browser.log_out()
        assert (await browser.enter(person)).next == "home"
        assert not await _offered(browser)

    async def test_no_longer_than_a_login_is_recent(self, site: Site) -> None:
        browser = await signed_in(site, await site.person("second-login"))
        await site.advance("PT10M")
        assert await _offered(browser)
        await site.advance(f"PT{int((policy.RECENT_LOGIN - timedelta(minutes=10)).total_seconds())}S")
        assert not await _offered(browser)


async def _offered(browser: JsonBrowser) -> bool:
    session = await browser.session()
    assert session is not None
    return bool(session["offer_biometrics"])


class Reader:
    """Somebody signed in, at the flow itself."""

    def __init__(self, inside: Inside, nir: str) -> None:
        self.inside = inside
        self.nir = nir
        self.jar = Jar(inside)

    @classmethod
    async def ready(cls, inside: Inside, *, overlap_since: date | None = None) -> "Reader":
        """Somebody who has never accepted any terms."""
        reader = cls(inside, await inside.person())
        await fetch(f"UPDATE account SET terms_accepted = NULL WHERE person = {PERSON}", reader.nir)
        if overlap_since:
            await reader.overlaps(overlap_since)
        await reader.jar.log_in(reader.nir)
        return reader

    async def overlaps(self, since: date | None) -> None:
        """As an import would have it."""
        person = await registry.find(self.nir)
        assert person is not None
        await registry.put(person._replace(overlap_since=since), self.inside.clock.now())

    async def waiting(self) -> tuple[str, ...]:
        return (await self.inside.parts.admission.signed_in(self.jar.request())).notices

    async def acknowledge(self, slug: str) -> None:
        await self.inside.parts.notices.acknowledge(self.jar.request(), slug)

    async def noted(self) -> list[dict[str, object]]:
        events = await activity.latest(self.inside.parts.keys.subject(self.nir), count=50)
        return [event.details for event in reversed(events) if event.kind == "notice-acknowledged"]


@pytest.mark.usefixtures("database")
class TestWhatIsKept:
    @pytest.fixture
    def inside(self) -> Inside:
        return Inside()

    async def test_the_dates_and_one_line_of_activity_each(self, inside: Inside) -> None:
        since = date(2026, 7, 1)
        reader = await Reader.ready(inside, overlap_since=since)
        for _ in range(2):
            await reader.acknowledge("terms")
            await reader.acknowledge("overlap")
        account = await accounts.by_nir(reader.nir)
        assert account is not None
        assert (account.terms_accepted, account.overlap_acknowledged) == (policy.TERMS_OF_USE, since)
        assert await reader.noted() == [
            {"slug": "terms", "dated": policy.TERMS_OF_USE.isoformat()},
            {"slug": "overlap", "dated": since.isoformat()},
        ]

    async def test_at_once_they_are_noted_once(self, inside: Inside, database_url: str) -> None:
        reader = await Reader.ready(inside)
        account = await accounts.by_nir(reader.nir)
        assert account is not None
        connection = await asyncpg.connect(database_url)
        try:
            async with connection.transaction():
                await connection.execute("SELECT 1 FROM account WHERE id = $1 FOR UPDATE", account.id)
                acknowledged = [asyncio.create_task(reader.acknowledge("terms")) for _ in range(4)]
                while (await fetch(WAIT_FOR_ACCOUNT))[0]["many"] < len(acknowledged):
                    await asyncio.sleep(0.01)
        finally:
            await connection.close()
        await asyncio.gather(*acknowledged)
        assert len(await reader.noted()) == 1

    async def test_an_overlap_that_changed_waits_again_and_one_that_ended_does_not(self, inside: Inside) -> None:
        reader = await Reader.ready(inside, overlap_since=date(2026, 7, 1))
        await reader.acknowledge("terms")
        await reader.acknowledge("overlap")
        await reader.overlaps(date(2026, 7, 1))
        assert await reader.waiting() == ()
        await reader.overlaps(date(2026, 9, 1))
        assert await reader.waiting() == ("overlap",)
        await reader.overlaps(None)
        assert await reader.waiting() == ()
        await reader.acknowledge("overlap")
        assert [told["dated"] for told in await reader.noted()][1:] == ["2026-07-01"]

    async def test_newer_terms_wait_again(self, inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
        reader = await Reader.ready(inside)
        await reader.acknowledge("terms")
        assert await reader.waiting() == ()
        monkeypatch.setattr(policy, "TERMS_OF_USE", policy.TERMS_OF_USE + timedelta(days=1))
        assert await reader.waiting() == ("terms",)
        await reader.acknowledge("terms")
        monkeypatch.undo()  # as in a process of the release before
        await reader.acknowledge("terms")
        account = await accounts.by_nir(reader.nir)
        assert account is not None
        assert account.terms_accepted == policy.TERMS_OF_USE + timedelta(days=1)

    @pytest.mark.parametrize("end", ["ended_at = $2", "closed_on = ($2::timestamptz)::date"])
    async def test_a_session_that_ends_meanwhile_acknowledges_nothing(
        self, inside: Inside, monkeypatch: pytest.MonkeyPatch, end: str
    ) -> None:
        reader = await Reader.ready(inside)
        admission = inside.parts.admission
        entered = admission.signed_in

        async def then_ended(caller: object) -> object:
            who = await entered(caller)
            inside.clock.advance(timedelta(seconds=1))
            await fetch(f"UPDATE account SET {end} WHERE id = $1", who.account.id, inside.clock.now())
            return who

        monkeypatch.setattr(admission, "signed_in", then_ended)
        with pytest.raises(Refused) as refused:
            await reader.acknowledge("terms")
        assert refused.value.why is Why.NOT_SIGNED_IN
        account = await accounts.by_nir(reader.nir)
        assert account is not None
        assert account.terms_accepted is None
        assert await reader.noted() == []
