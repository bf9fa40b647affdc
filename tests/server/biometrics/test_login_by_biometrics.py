"""Login by fingerprint or face (product page, section 2, step 4; security page, *WebAuthn*)."""

import asyncio
from typing import Any

import pytest

from tests.authenticator import SoftwareAuthenticator
from tests.server.biometrics.phone import Phone, active, phone
from tests.support import Person, Site


async def test_neither_number_nor_password_nor_code(site: Site) -> None:
    person = await site.person()
    mine = await active(site, person)
    stranger = await phone(site)
    stranger.authenticator = mine.authenticator  # cookies of nobody: the credential alone lets in
    for one in (mine, stranger):
        answer = await one.enter()
        assert (answer.status, answer.next) == (200, "home")
        session = await one.browser.session()
        assert session is not None
        assert session["authenticated_by"] == ["biometric"]
        assert session["nir_masked"]
    assert len(await site.mails(person, "login-code")) == 1, "the one that activating took"


@pytest.mark.parametrize("algorithm", [-7, -8, -257])
async def test_each_offered_algorithm_lets_in(site: Site, algorithm: int) -> None:
    mine = await active(site, await site.person(), algorithm=algorithm)
    assert (await mine.enter()).next == "home"


async def test_the_options_reveal_nothing(site: Site) -> None:
    mine, stranger = await active(site, await site.person()), await phone(site)
    for one in (mine, stranger):
        options = await one.login_options()
        del options["challenge"]
        told = {"rpId": "localhost", "allowCredentials": [], "userVerification": "required", "timeout": 300_000}
        assert options == {**told, "hints": ["client-device"]}


async def test_a_new_session_under_a_new_id(site: Site) -> None:
    mine = await active(site, await site.person())
    ids = set()
    for _ in range(2):
        await mine.enter()
        ids.add(mine.browser.cookie("session"))
    assert len(ids) == 2
    old = await phone(site)
    old.browser.set_cookie("session", str(next(one for one in ids if one != mine.browser.cookie("session"))))
    assert await old.browser.session() is None


@pytest.mark.parametrize(
    "how",
    [
        {"uv": False},
        {"up": False},
        {"be": True},
        {"origin": "https://localhost.example"},
        {"rp_id": "example.org"},
        {"client_data": {"crossOrigin": True}},
        {"client_data": {"topOrigin": "https://example.org"}},
        {"type": "webauthn.create"},
        {"challenge": bytes(32)},
        {"user_handle": b"h" * 64},
        {"user_handle": b""},
        {"tampered": True},
        {"credential_id": b"unknown"},
    ],
    ids=str,
)
async def test_what_the_ceremony_refuses_lets_nobody_in_and_locks_nothing(site: Site, how: dict[str, Any]) -> None:
    person = await site.person()
    mine = await active(site, person)
    for _ in range(4):
        answer = await mine.enter(**how)
        assert (answer.status, answer.refusal) == (401, "biometric-failed")
        assert await mine.browser.session() is None
    assert (await mine.enter()).next == "home"
    assert (await site.why(person.nir))["locks"] == []


async def test_anothers_user_handle_opens_neither_account(site: Site) -> None:
    mine, other = await active(site, await site.person()), await active(site, await site.person())
    theirs = other.authenticator.credentials[0].user_handle
    assert (await mine.enter(user_handle=theirs)).refusal == "biometric-failed"


async def test_a_response_serves_once_and_its_challenge_one_browser_only(site: Site) -> None:
    mine = await active(site, await site.person())
    response = mine.authenticator.get(await mine.login_options())
    thief = await phone(site)
    await thief.login_options()
    assert (await thief.present(response)).refusal == "biometric-failed"

    response = mine.authenticator.get(await mine.login_options())
    assert (await mine.present(response)).next == "home"
    await mine.browser.log_out()
    assert (await mine.present(response)).refusal == "biometric-failed"


async def test_a_challenge_lives_five_minutes(site: Site) -> None:
    mine = await active(site, await site.person())
    response = mine.authenticator.get(await mine.login_options())
    await site.advance("PT4M59S")
    assert (await mine.present(response)).next == "home"
    response = mine.authenticator.get(await mine.login_options())
    await site.advance("PT5M")
    assert (await mine.present(response)).refusal == "biometric-failed"


async def test_two_tabs_each_have_their_own_ceremony(site: Site) -> None:
    mine = await active(site, await site.person())
    first, second = await mine.login_options(), await mine.login_options()
    assert (await mine.present(mine.authenticator.get(first))).next == "home"
    assert (await mine.present(mine.authenticator.get(second))).next == "home"


async def test_a_counter_that_does_not_rise_is_refused_and_told_and_locks_nothing(site: Site) -> None:
    person = await site.person()
    mine = await active(site, person)
    credential = mine.authenticator.credentials[0]
    assert (await mine.enter(counter=10)).next == "home"
    await mine.browser.log_out()
    for counter in (10, 9, 0):
        answer = await mine.enter(counter=counter)
        assert (answer.status, answer.refusal) == (401, "biometric-failed")
    assert (await site.mail(person, "biometric-copied"))["to"] == person.email
    credential.counter = 10
    assert (await mine.enter()).next == "home"
    # Told once a day, or a reader whose counter is stuck would fill its owner's mailbox. A later mail has come, so no other has.
    await site.advance("P1D")
    await mine.enter(counter=5)
    await site.mail(person, "biometric-copied")
    assert len(await site.mails(person, "biometric-copied")) == 2


async def test_an_authenticator_without_a_counter_is_fine(site: Site) -> None:
    mine = await active(site, await site.person(), counting=False)
    for _ in range(3):
        assert (await mine.enter()).next == "home"


async def test_a_forged_counter_tells_nobody(site: Site) -> None:
    """Only the key's holder can make us write to its owner."""
    person = await site.person()
    mine = await active(site, person)
    await mine.enter(counter=10)
    assert (await mine.enter(counter=3, tampered=True)).refusal == "biometric-failed"
    await _all_mail_has_come(site, person)
    assert await site.mails(person, "biometric-copied") == []


@pytest.mark.parametrize("counting", [True, False])
async def test_two_assertions_at_once_do_no_harm(site: Site, counting: bool) -> None:
    person = await site.person()
    mine = await active(site, person, counting=counting)
    tabs = [Phone(site, mine.browser, mine.authenticator) for _ in range(2)]
    for _ in range(5):
        responses = [mine.authenticator.get(await mine.login_options()) for _ in tabs]
        answers = await asyncio.gather(*(tab.present(response) for tab, response in zip(tabs, responses, strict=True)))
        assert "home" in {answer.next for answer in answers}
        assert {answer.refusal for answer in answers} <= {None, "biometric-failed"}
        assert (await mine.enter()).next == "home"
    await _all_mail_has_come(site, person)
    assert await site.mails(person, "biometric-copied") == []


async def test_a_lock_on_passwords_or_codes_does_not_stop_it(site: Site) -> None:
    person = await site.person()
    mine = await active(site, person)
    stranger = await site.browser("json")
    for _ in range(3):
        refused = await stranger.enter(person, "not the password")
    assert refused.refusal == "locked"
    assert (await mine.enter()).next == "home"


async def test_a_stranger_with_a_credential_of_their_own_is_unknown(site: Site) -> None:
    mine = await active(site, await site.person())
    stranger = await phone(site)
    options = {"rp": {"id": "localhost"}, "user": {"id": "AA"}, "challenge": "AA"}
    stranger.authenticator = SoftwareAuthenticator(site.url)
    stranger.authenticator.create(options)
    answer = await stranger.enter()
    assert (answer.status, answer.refusal) == (401, "biometric-failed")
    # Their key under the name of another's credential is no better.
    forged = stranger.authenticator.credentials[0]
    forged.id, forged.user_handle = mine.authenticator.credentials[0].id, mine.authenticator.credentials[0].user_handle
    assert (await stranger.enter()).refusal == "biometric-failed"


async def _all_mail_has_come(site: Site, person: Person) -> None:
    """A mail that is put in the outbox now comes after all that were before."""
    browser = await site.browser("json")
    await browser.enter(person)
    await browser.send_code()
    await site.code(person)
