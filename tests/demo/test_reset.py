"""A reset: everything as at first start, in every process."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from demo import link
from demo.people import People, fixed
from server.embedded import EngineAddresses
from server.records import accounts
from server.records.database import fetch
from server.records.redis import Store
from server.refusals import Refused
from tests.demo.conftest import NewVisitor
from tests.demo.visitor import Visitor, slug
from tests.server.biometrics.phone import active, phone
from tests.server.inside import Inside, Jar
from tests.support import Person, Site


def test_everything_is_as_at_first_start(visitor: Visitor, new_visitor: NewVisitor) -> None:
    first = fixed()[0]
    locked = {"nir": first.nir, "password": first.password, "email": first.email}
    for _ in range(3):
        visitor.log_in(locked, "wrong")
    someone = visitor.person()
    signed_in = new_visitor()
    signed_in.log_in_with_code(someone)
    visitor.move(advance="P1D")
    assert visitor.http.post("/api/demo/reset").status_code == 204

    assert visitor.http.get("/api/demo/clock").json()["offset_s"] == 0
    assert visitor.messages() == []
    assert slug(signed_in.session()) == "not-signed-in"
    assert slug(visitor.log_in(someone)) == "invalid-credentials"
    assert visitor.why(locked)["refusal"] is None
    visitor.log_in_with_code(locked)
    assert visitor.messages(to=first.email)[0]["id"] == "1"
    assert visitor.person()["nir"] != someone["nir"]


def test_several_at_once(new_visitor: NewVisitor) -> None:
    visitors = [new_visitor() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda visitor: visitor.http.post("/api/demo/reset").status_code, visitors))
    # They wait for one another; on a busy machine too long for some, who are told to come back.
    assert 204 in answers
    assert set(answers) <= {204, 503}
    assert visitors[0].log_in({"nir": fixed()[0].nir, "password": fixed()[0].password}).json()["next"] == "code"


async def test_nothing_is_known_of_browsers_and_credentials(site: Site) -> None:
    known = next(someone for someone in fixed() if someone.persona == "second-login")
    somebody = Person(known.nir, known.password, str(known.email), {})
    mine, theirs = await active(site, await site.person()), await phone(site)
    await theirs.browser.log_in(somebody, trust=True)
    await theirs.answer_offer("never")
    challenged = mine.authenticator.get(await mine.login_options())
    assert (await site.demo.post("/api/demo/reset")).status_code == 204

    assert (await mine.present(challenged)).refusal == "biometric-failed"
    assert (await mine.enter()).refusal == "biometric-failed"
    assert await theirs.browser.session() is None
    later = await Site(site.url, site.space).__aenter__()  # the mailbox counts from 1 again
    theirs.site = theirs.browser.site = later
    assert (await theirs.browser.enter(somebody)).next == "code"
    await theirs.browser.log_in(somebody)
    assert await theirs.offered()
    devices = (await theirs.browser.http.get("/api/v1/devices")).json()
    assert {kind: len(rows) for kind, rows in devices.items()} == {
        "trusted_devices": 0,
        "biometric_credentials": 0,
        "sessions": 1,
    }
    await later.__aexit__()


@pytest.mark.usefixtures("database")
async def test_every_key_of_the_service_goes_and_no_other(engines: EngineAddresses) -> None:
    """Whatever the service keeps in Redis begins with a prefix that a reset knows."""
    await Store.client().flushdb()
    inside = Inside()
    nir, browser, waiting = await inside.person(), Jar(inside), Jar(inside)
    await browser.log_in(nir)
    await waiting.enter(nir)
    with pytest.raises(Refused):
        await waiting.enter(nir, "wrong")
    await inside.parts.biometrics.login_options(waiting.request())
    await inside.parts.biometrics.registration_options(browser.request())
    await Store.client().set("theirs:1", "1")

    keys = {key.decode() async for key in Store.client().scan_iter()}
    kinds = {key.partition(":")[0] + ":" for key in keys if key != "theirs:1"}
    assert kinds == set(link.PREFIXES) - {"demo:"}
    redis = link.connect(engines.redis_url)
    await link.clear(redis)
    await redis.aclose()
    assert {key async for key in Store.client().scan_iter()} == {b"theirs:1"}
    await Store.client().flushdb()


@pytest.mark.usefixtures("database")
async def test_a_fixed_person_whom_an_older_demo_did_not_have_is_added() -> None:
    inside = Inside()
    people = People(inside.clock, inside.parts.randomness, inside.parts.hasher)
    await people.ensure_fixed()
    before = {someone.persona: await accounts.by_nir(someone.nir) for someone in fixed()}
    newest = fixed()[-1]
    await fetch("DELETE FROM account WHERE id = $1", before[newest.persona].id)
    await fetch("DELETE FROM insured_person WHERE nir = $1", newest.nir)
    for _ in range(2):
        await people.ensure_fixed()
    after = {someone.persona: await accounts.by_nir(someone.nir) for someone in fixed()}
    assert after.pop(newest.persona).id != before.pop(newest.persona).id
    assert after == before
    for someone in fixed():
        await fetch("DELETE FROM account WHERE person = (SELECT id FROM insured_person WHERE nir = $1)", someone.nir)
        await fetch("DELETE FROM insured_person WHERE nir = $1", someone.nir)
