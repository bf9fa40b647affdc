"""What may happen to biometrics between two steps, and what is known of a browser: by a clock that stands still."""

from datetime import timedelta
from typing import Any

import pytest
from redis.exceptions import TimeoutError as RedisTimeoutError

from server import policy
from server.jobs import housekeeping
from server.keys import token_hash
from server.mail.post import Post
from server.records import activity, browsers, credentials
from server.records.database import fetch
from server.records.redis import Store
from server.refusals import Why
from tests.authenticator import SoftwareAuthenticator
from tests.server.inside import Inside
from tests.server.owner import Owner, count_redis, owner, refusal

pytestmark = pytest.mark.usefixtures("database")
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@pytest.fixture
def inside() -> Inside:
    return Inside()


async def kept(mine: Owner) -> list[credentials.CredentialRow]:
    return await credentials.of_account((await mine.account()).id)


async def events(mine: Owner) -> list[str]:
    return [event.kind for event in await activity.latest(mine.inside.parts.keys.subject(mine.nir), count=60)]


async def test_a_challenge_is_for_one_purpose_browser_and_account(inside: Inside) -> None:
    challenges = inside.parts.biometrics.challenges
    one, two = await (await owner(inside)).account(), await (await owner(inside)).account()
    for purpose, token, account in (("login", "a", one), ("registration", "b", one), ("registration", "a", two)):
        challenge = await challenges.give("registration", "a", one)
        assert not await challenges.take(challenge, purpose, token, account)  # type: ignore[arg-type]
        assert not await challenges.take(challenge, "registration", "a", one), "used up all the same"
    assert await challenges.take(await challenges.give("registration", "a", one), "registration", "a", one)


async def test_a_challenge_serves_once_whatever_the_counter_and_the_key(inside: Inside) -> None:
    mine = await owner(inside)
    mine.authenticator.counting = False
    response = await mine.made()
    await mine.asked(inside.parts.biometrics.register, response)
    assert (await refusal(mine.asked(inside.parts.biometrics.register, response))).because == "activation-too-late"
    flow = inside.parts.biometrics
    signed = mine.authenticator.get(await mine.asked(flow.login_options))
    await mine.asked(flow.log_in, signed)
    assert (await refusal(mine.asked(flow.log_in, signed))).because == "challenge"


@pytest.mark.parametrize("ends", ["the session", "all that the account had"])
async def test_who_is_signed_out_meanwhile_activates_nothing(inside: Inside, monkeypatch: pytest.MonkeyPatch, ends: str) -> None:
    mine = await owner(inside)
    response, take = await mine.made(), type(inside.parts.biometrics.challenges).take
    closer = await owner(inside, mine.nir)

    async def and_then_ended(*given: Any) -> bool:
        if ends == "the session":
            await closer.asked(inside.parts.devices.remove_all, "sessions")
        else:
            await fetch("UPDATE account SET ended_at = $2 WHERE id = $1", (await mine.account()).id, inside.clock.now())
        return await take(*given)

    monkeypatch.setattr(type(inside.parts.biometrics.challenges), "take", and_then_ended)
    caller = mine.request()
    assert (await refusal(inside.parts.biometrics.register(caller, response))).why is Why.NOT_SIGNED_IN
    assert await kept(mine) == []
    assert caller.cookies.get("browser") is None


async def test_all_ended_just_before_the_request_came_but_told_after(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another worker's clock may be a little behind ours."""
    mine = await owner(inside)
    row = await mine.activate()
    inside.clock.advance(DAY)
    verify = type(inside.parts.biometrics.assertions).verify

    async def and_then_ended(*given: Any) -> Any:
        await fetch("UPDATE account SET ended_at = $2 WHERE id = $1", row.account_id, row.created_at + SECOND)
        return await verify(*given)

    monkeypatch.setattr(type(inside.parts.biometrics.assertions), "verify", and_then_ended)
    assert (await refusal(mine.come_in())).because == "unknown"


async def test_a_failed_activation_leaves_no_cookie_and_no_credential(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = await owner(inside)
    response = await mine.made()

    async def fail(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(Post, "put", fail)
    caller = mine.request()
    with pytest.raises(OSError):
        await inside.parts.biometrics.register(caller, response)
    assert caller.cookies.get("browser") is None
    assert await kept(mine) == []


async def test_after_a_reset_the_same_phone_activates_again(inside: Inside) -> None:
    mine = await owner(inside)
    await mine.activate()
    inside.clock.advance(SECOND)
    await fetch("UPDATE account SET ended_at = $2 WHERE id = $1", (await mine.account()).id, inside.clock.now())
    inside.clock.advance(SECOND)
    await mine.log_in()
    assert await mine.offered()
    await mine.activate()
    await mine.leave()
    await mine.come_in()
    assert await mine.signed_in()


async def test_twenty_credentials_and_the_oldest_goes(inside: Inside) -> None:
    mine = await owner(inside)
    for _ in range(policy.BIOMETRICS_PER_ACCOUNT + 1):
        inside.clock.advance(SECOND)
        mine.came.pop("browser", None)  # another browser each time
        mine.authenticator = SoftwareAuthenticator("http://localhost:8000")
        newest = await mine.activate()
    assert len(await kept(mine)) == policy.BIOMETRICS_PER_ACCOUNT
    assert (await events(mine)).count("biometric-replaced") == 1
    # One that takes another's place in the same browser makes room by itself.
    mine.authenticator = SoftwareAuthenticator("http://localhost:8000")
    await mine.activate()
    assert len(await kept(mine)) == policy.BIOMETRICS_PER_ACCOUNT
    assert newest.id not in {row.id for row in await kept(mine)}


async def test_activating_takes_back_never(inside: Inside) -> None:
    mine = await owner(inside)
    await mine.asked(inside.parts.biometrics.answer_offer, "never")
    await mine.activate()
    assert not await inside.parts.browsers.biometrics_declined(mine.request(), await mine.account())


async def test_active_in_one_browser_and_offered_in_another(inside: Inside) -> None:
    mine = await owner(inside)
    await mine.activate()
    other = await owner(inside, mine.nir)
    assert await other.offered()
    await mine.log_in()
    assert not await mine.offered()


async def test_a_browser_that_has_forgotten_us_is_known_again_by_its_credential(inside: Inside) -> None:
    mine = await owner(inside)
    await mine.activate()
    mine.came.clear()
    await mine.log_in()
    assert await mine.offered(), "nobody knows yet that it is active here"
    await mine.leave()
    await mine.come_in()
    await mine.leave()
    await mine.log_in()
    assert not await mine.offered()
    [item] = (await mine.asked(inside.parts.devices.list)).biometric_credentials
    assert item.current


async def test_what_an_offer_would_renew(inside: Inside) -> None:
    mine = await owner(inside)
    row = await mine.activate()
    offer = inside.parts.offer
    assert await offer.renews(mine.request(), await mine.who()) is None
    for days in (29, -1):
        inside.clock.advance(row.expires_at - timedelta(days=days) - inside.clock.now())
        await mine.log_in()
        assert await offer.renews(mine.request(), await mine.who()) == row.expires_at
    other = await owner(inside, mine.nir)
    assert await offer.renews(other.request(), await other.who()) is None


async def test_a_token_that_we_did_not_give_out_names_no_browser(inside: Inside) -> None:
    mine = await owner(inside)
    mine.came["browser"] = "A" * 43
    await mine.asked(inside.parts.biometrics.answer_offer, "never")
    assert mine.came["browser"] != "A" * 43
    assert await browsers.of(token_hash("A" * 43)) == []


async def test_an_answer_to_the_offer_revives_no_session(inside: Inside) -> None:
    mine = await owner(inside)
    who = await mine.who()
    await mine.leave()
    await inside.parts.admission.sessions.answer_offer(who.token)
    assert await Store.client().exists(f"session:{token_hash(who.token).hex()}") == 0


async def test_the_copy_is_noted_each_time_and_told_once_a_day(inside: Inside) -> None:
    mine = await owner(inside)
    await mine.activate()
    await mine.come_in(counter=9)
    inside.clock.advance(SECOND)
    for _ in range(3):
        await refusal(mine.come_in(counter=4))
    assert (await events(mine)).count("biometric-copied") == 3
    sent = await fetch(
        "SELECT count(*) AS mails FROM outbox_message WHERE kind = 'biometric-copied' AND recipient = $1",
        (await mine.account()).email,
    )
    assert sent[0]["mails"] == 1


async def test_a_kiosk_remembers_nobody(inside: Inside) -> None:
    mine, kiosk = await owner(inside), Inside(kiosk=True)
    await mine.asked(inside.parts.browsers.remember, await mine.account())
    assert await inside.parts.browsers.remembered(mine.request()) is not None
    assert await kiosk.parts.browsers.remembered(mine.request()) is None
    caller = mine.request()
    caller.cookies.came.clear()
    await kiosk.parts.browsers.remember(caller, await mine.account())
    assert caller.cookies.changes == {}
    assert (await refusal(kiosk.parts.biometrics.answer_offer(mine.request(), "never"))).why is Why.NOT_FOUND


async def test_what_is_long_over_is_forgotten(inside: Inside) -> None:
    mine = await owner(inside)
    row = await mine.activate()
    here = token_hash(mine.came["browser"])
    inside.clock.advance(row.expires_at - inside.clock.now() + policy.CREDENTIALS_KEPT_AFTER_END - SECOND)
    await housekeeping.tidy(inside.clock)
    assert await credentials.named(row.credential_id) is not None
    assert await browsers.of(here) == [], "its cookie has expired"
    inside.clock.advance(2 * SECOND)
    await housekeeping.tidy(inside.clock)
    assert await credentials.named(row.credential_id) is None


async def test_a_copied_device_ends_with_what_it_let_in_or_not_at_all(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Owner(inside, await inside.person())
    await mine.log_in(trust=True)
    await mine.leave()
    thief = Owner(inside, mine.nir)
    thief.came["device"] = mine.came["device"]
    inside.clock.advance(SECOND)
    await thief.log_in()
    inside.clock.advance(SECOND)
    with monkeypatch.context() as broken:

        async def fail(*_: object) -> None:
            raise RedisTimeoutError

        broken.setattr(type(inside.parts.admission), "end_sessions_of", fail)
        with pytest.raises(RedisTimeoutError):
            await mine.enter(mine.nir)
    assert await thief.signed_in()
    await mine.enter(mine.nir)
    assert not await thief.signed_in()


async def test_redis_is_asked_four_times_at_most(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the browser comes with a session and a login under way, which both end."""
    mine = await owner(inside)
    await mine.activate()
    old = dict(mine.came)
    await mine.enter(mine.nir)
    asked = count_redis(monkeypatch)

    async def counts(work: Any, **came: str) -> int:
        mine.came = {**mine.came, **came}  # type: ignore[dict-item]
        asked.clear()
        await work
        return len(asked)

    assert await counts(mine.enter(mine.nir), session=old["session"]) <= 4
    await inside.login.send_code(mine.request())
    assert await counts(mine.give_code(await inside.mailed_code(mine.nir)), session=old["session"]) <= 4
    await mine.enter(mine.nir)
    signed = mine.authenticator.get(await mine.asked(inside.parts.biometrics.login_options))
    assert await counts(mine.asked(inside.parts.biometrics.log_in, signed), session=old["session"]) <= 4
