"""Activating biometrics (product page, section 2, step 3; contract, *Biometrics*; security page, *WebAuthn*)."""

import pytest
from fido2.utils import websafe_decode

from tests.authenticator import InvalidStateError, SoftwareAuthenticator
from tests.server.biometrics.phone import Phone, active, phone
from tests.support import Site


async def logged_in(site: Site, persona: str = "ordinary") -> Phone:
    mine = await phone(site)
    await mine.browser.log_in(await site.person(persona))
    return mine


async def test_the_options_ask_for_a_discoverable_credential_of_this_device_and_for_its_owner(site: Site) -> None:
    mine = await logged_in(site)
    options, again = await mine.registration_options(), await mine.registration_options()
    assert options["authenticatorSelection"] == {
        "authenticatorAttachment": "platform",
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    assert options["attestation"] == "none"
    assert options["hints"] == ["client-device"]
    assert {one["alg"] for one in options["pubKeyCredParams"]} == {-7, -8, -257}
    assert options["rp"]["id"] == "localhost"
    assert options["excludeCredentials"] == []
    assert len(websafe_decode(options["user"]["id"])) == 64
    assert len(websafe_decode(options["challenge"])) == 32
    # The handle is the account's for good; the challenge is never the same.
    assert again["user"]["id"] == options["user"]["id"]
    assert again["challenge"] != options["challenge"]


async def test_the_options_do_not_tell_the_number_in_clear(site: Site) -> None:
    person, mine = await site.person(), await phone(site)
    await mine.browser.log_in(person)
    options = await mine.registration_options()
    assert person.nir not in str(options).replace(" ", "")


async def test_activated_for_six_months_and_its_owner_is_told(site: Site) -> None:
    person, mine = await site.person(), await phone(site)
    await mine.browser.log_in(person)
    answer = await mine.activate()
    said = answer.response.json()
    assert (answer.status, set(said)) == (201, {"id", "label", "created_at", "expires_at"})
    mail = await site.mail(person, "biometric-added")
    assert mail["to"] == person.email
    assert (await mine.browser.session()) is not None, "the login goes on"


async def test_a_credential_of_the_account_is_excluded_and_the_device_makes_no_second(site: Site) -> None:
    mine = await logged_in(site)
    await mine.activate()
    options = await mine.registration_options()
    assert [websafe_decode(one["id"]) for one in options["excludeCredentials"]] == [mine.authenticator.credentials[0].id]
    with pytest.raises(InvalidStateError):
        await mine.activate()


async def test_a_session_without_a_full_recent_login_activates_nothing(site: Site) -> None:
    person = await site.person()
    mine = await active(site, person)

    nobody = await mine.browser.post("/biometrics/registration/options")
    assert nobody.refusal == "not-signed-in"

    await mine.enter()
    by_biometrics = await mine.browser.post("/biometrics/registration/options")
    assert (by_biometrics.status, by_biometrics.refusal, by_biometrics.next) == (403, "step-missing", "login")
    await mine.browser.log_out()

    await mine.browser.log_in(person, trust=True)
    await mine.browser.log_out()
    assert (await mine.browser.enter(person)).next == "home"
    by_device = await mine.browser.post("/biometrics/registration/options")
    assert (by_device.status, by_device.refusal) == (403, "step-missing")


async def test_a_full_login_is_to_be_had_on_a_trusted_device_too(site: Site) -> None:
    person, mine = await site.person(), await phone(site)
    await mine.browser.log_in(person, trust=True)
    await mine.browser.log_out()
    answer = await mine.browser.post("/login", {"nir": person.nir, "password": person.password, "with_code": True})
    assert answer.next == "code"
    await mine.browser.send_code()
    await mine.browser.give_code(await site.code(person))
    assert (await mine.activate()).status == 201
    await mine.browser.log_out()
    assert (await mine.browser.enter(person)).next == "home", "the device is still trusted"


async def test_fifteen_minutes_after_the_login_it_is_too_late_to_begin_and_to_end(site: Site) -> None:
    person, mine = await site.person(), await phone(site)
    await mine.browser.log_in(person)
    await site.advance("PT14M")
    assert await mine.browser.session() is not None  # used, so that it does not end idle
    response = mine.authenticator.create(await mine.registration_options())
    await site.advance("PT2M")
    assert (await mine.register(response)).refusal == "step-missing"
    assert (await mine.browser.post("/biometrics/registration/options")).refusal == "step-missing"


async def test_a_challenge_lives_five_minutes_and_serves_once(site: Site) -> None:
    mine = await logged_in(site)
    late = mine.authenticator.create(await mine.registration_options())
    await site.advance("PT5M")
    assert (await mine.register(late)).refusal == "biometric-failed"
    response = mine.authenticator.create(await mine.registration_options())
    assert (await mine.register(response)).status == 201
    assert (await mine.register(response)).refusal == "biometric-failed"


async def test_a_challenge_is_good_for_its_session_and_purpose_only(site: Site) -> None:
    mine, other = await logged_in(site), await logged_in(site)
    theirs = other.authenticator.create(await other.registration_options())
    assert (await mine.register(theirs)).refusal == "biometric-failed"
    # A challenge to log in is none to register by.
    options = await mine.registration_options()
    login = await mine.login_options()
    swapped = mine.authenticator.create({**options, "challenge": login["challenge"]})
    assert (await mine.register(swapped)).refusal == "biometric-failed"


async def test_two_tabs_each_have_their_own_ceremony(site: Site) -> None:
    mine = await logged_in(site)
    first, second = await mine.registration_options(), await mine.registration_options()
    assert (await mine.register(mine.authenticator.create(first))).status == 201
    assert (await mine.register(SoftwareAuthenticator(site.url).create(second))).status == 201


async def test_a_credential_id_is_unique_over_all_accounts(site: Site) -> None:
    mine, other = await logged_in(site), await logged_in(site)
    await mine.activate(credential_id=b"the same")
    answer = await other.activate(credential_id=b"the same")
    assert (answer.status, answer.refusal) == (401, "biometric-failed")
    assert (await mine.browser.post("/biometrics/login/options")).status == 200
    await mine.browser.log_out()
    assert (await mine.enter()).next == "home"


@pytest.mark.parametrize(
    "how",
    [
        {"uv": False},
        {"up": False},
        {"origin": "https://localhost.example"},
        {"rp_id": "example.org"},
        {"client_data": {"crossOrigin": True}},
        {"client_data": {"topOrigin": "https://example.org"}},
        {"type": "webauthn.get"},
        {"challenge": bytes(32)},
    ],
    ids=str,
)
async def test_what_the_ceremony_refuses_activates_nothing(site: Site, how: dict[str, object]) -> None:
    person, mine = await site.person(), await phone(site)
    await mine.browser.log_in(person)
    assert (await mine.activate(**how)).refusal == "biometric-failed"
    assert (await mine.activate()).status == 201
    assert len(await site.mails(person, "biometric-added", wait=20)) == 1


async def test_an_algorithm_that_was_not_offered_is_refused(site: Site) -> None:
    mine = await phone(site, algorithm=-35)
    await mine.browser.log_in(await site.person())
    assert (await mine.activate()).refusal == "biometric-failed"


@pytest.mark.parametrize(
    "body",
    [{}, {"id": 5}, {"response": {}}, {"id": "AA", "rawId": "AA", "type": "public-key", "response": []}, [], "text", 5],
    ids=str,
)
async def test_what_has_not_the_shape_of_a_response_is_no_request(site: Site, body: object) -> None:
    mine = await logged_in(site)
    assert (await mine.register(body)).refusal == "invalid-request"
    assert (await mine.present(body)).refusal == "invalid-request"


async def test_what_proves_nothing_is_refused(site: Site) -> None:
    mine = await logged_in(site)
    for response in ({}, {"clientDataJSON": "AA"}, {"clientDataJSON": 5}):
        body = {"id": "AA", "rawId": "AA", "type": "public-key", "response": response}
        assert (await mine.register(body)).refusal == "biometric-failed"
        assert (await mine.present(body)).refusal == "biometric-failed"
