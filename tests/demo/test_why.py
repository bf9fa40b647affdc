"""Why: after each refusal, the rule that decided, the counters, the locks, and the next moment that is allowed."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from server import policy
from tests.authenticator import SoftwareAuthenticator
from tests.demo.conftest import NewVisitor
from tests.demo.visitor import Visitor, slug
from tests.server.biometrics.phone import Phone, active, phone
from tests.support import Answer, Person, Site

NOBODY = {"nir": "1850599999999"}


def until(answer: object) -> datetime:
    return datetime.fromisoformat(answer.json()["until"])  # type: ignore[attr-defined]


def rounded_up(text: str) -> datetime:
    return (datetime.fromisoformat(text) + timedelta(microseconds=999_999)).replace(microsecond=0)


def test_never_refused(visitor: Visitor) -> None:
    person = visitor.person()
    visitor.log_in_with_code(person)
    said = visitor.why(person)
    assert said["refusal"] is said["rule"] is said["next_allowed_at"] is said["refused_at"] is None
    assert said["locks"] == []
    assert said["counters"] == {
        "password": {"used": 0, "left": 3, "in_a_row": 0, "in_a_row_left": 100},
        "login-code": {"used": 0, "left": 3, "in_a_row": 0, "in_a_row_left": 15},
        "login-code-requests": {"used": 0, "left": 5, "in_a_row": None, "in_a_row_left": None},
    }
    assert said["sentence"] == "This number has not been refused."


@pytest.mark.parametrize("known", [True, False])
def test_wrong_passwords_until_the_lock_and_past_it(visitor: Visitor, known: bool) -> None:
    person = visitor.person("ordinary" if known else "not-created")
    assert slug(visitor.log_in(person, "wrong")) == "invalid-credentials"
    said = visitor.why(person)
    assert (said["refusal"], said["rule"]) == ("invalid-credentials", "PASSWORD_TRIES: 3 tries, then 15 minutes")
    assert (said["counters"]["password"]["used"], said["counters"]["password"]["left"]) == (1, 2)
    assert said["next_allowed_at"] is None
    assert said["sentence"].endswith("a new try would be judged now.")
    visitor.log_in(person, "wrong")
    locked = visitor.log_in(person, "wrong")
    said = visitor.why({"nir": " ".join(person["nir"])})
    assert (said["refusal"], said["rule"]) == ("locked", "PASSWORD_TRIES: 3 tries, then 15 minutes")
    assert rounded_up(said["next_allowed_at"]) == until(locked)
    assert said["counters"]["password"]["left"] == 0
    [lock] = said["locks"]
    assert (lock["scope"], lock["purpose"], lock["channel"], lock["until"]) == (
        "login",
        "password",
        "everybody",
        said["next_allowed_at"],
    )
    assert "nothing is judged before" in said["sentence"]
    visitor.move(now=until(locked).isoformat())
    said = visitor.why(person)
    assert (said["next_allowed_at"], said["locks"], said["counters"]["password"]["left"]) == (None, [], 3)
    assert slug(visitor.log_in(person, "wrong")) == "invalid-credentials"


def test_wrong_codes(visitor: Visitor) -> None:
    person = visitor.person()
    visitor.log_in(person)
    wrong = f"{(int(visitor.code(person)) + 1) % 10**6:06}"
    assert slug(visitor.enter(wrong)) == "invalid-code"
    said = visitor.why(person)
    assert (said["refusal"], said["rule"]) == ("invalid-code", "CODE_TRIES: 3 tries, then 15 minutes")
    assert said["counters"]["login-code"] == {"used": 1, "left": 2, "in_a_row": 1, "in_a_row_left": 14}
    assert said["counters"]["login-code-requests"]["used"] == 1
    visitor.enter(wrong)
    locked = visitor.enter(wrong)
    said = visitor.why(person)
    assert (said["refusal"], said["rule"]) == ("locked", "CODE_TRIES: 3 tries, then 15 minutes")
    assert rounded_up(said["next_allowed_at"]) == until(locked)
    assert [lock["purpose"] for lock in said["locks"]] == ["login-code"]
    assert slug(visitor.log_in(person)) == "locked"
    assert visitor.why(person)["rule"].startswith("CODE_TRIES")


def test_an_expired_code(visitor: Visitor) -> None:
    person = visitor.person()
    visitor.log_in(person)
    code = visitor.code(person)
    visitor.move(advance="PT15M")
    assert slug(visitor.enter(code)) == "code-expired"
    said = visitor.why(person)
    assert (said["refusal"], said["rule"], said["next_allowed_at"]) == ("code-expired", "LOGIN_CODE_LIFE: 15 minutes", None)


def test_too_many_codes_asked_for(visitor: Visitor) -> None:
    person = visitor.person()
    visitor.log_in(person)
    for _ in range(policy.LOGIN_CODES_PER_HOUR.count):
        assert visitor.ask().status_code == 202
        visitor.move(advance="PT1M")
    locked = visitor.ask()
    assert slug(locked) == "locked"
    said = visitor.why(person)
    assert (said["refusal"], said["rule"]) == ("locked", "LOGIN_CODES_PER_HOUR: 5 within 1 hour, then 1 hour")
    assert (said["counters"]["login-code-requests"]["used"], said["counters"]["login-code-requests"]["left"]) == (5, 0)
    assert rounded_up(said["next_allowed_at"]) == until(locked)


@pytest.mark.parametrize(
    ("persona", "refusal", "rule"),
    [
        ("no-address", "address-missing", "account.email"),
        ("unconfirmed-address", "address-missing", "account.email"),
        ("closed", "account-closed", "account.closed_on"),
        ("no-fund", "file-update-needed", "insured_person.fund"),
        ("attachment-pending", "attachment-pending", "insured_person.attachment"),
    ],
)
def test_states_of_the_person(visitor: Visitor, persona: str, refusal: str, rule: str) -> None:
    person = visitor.person(persona)
    visitor.log_in(person)
    said = visitor.why(person)
    assert said["refusal"] == refusal
    assert said["rule"].startswith(rule)
    assert said["next_allowed_at"] is None


def test_a_step_left_out(visitor: Visitor) -> None:
    person = visitor.person()
    visitor.log_in(person)
    assert slug(visitor.enter("123456")) == "step-missing"
    assert visitor.why(person)["rule"].startswith("the order of the steps")


def test_too_many_wrong_codes_in_a_row(visitor: Visitor) -> None:
    person = visitor.person()
    while True:
        answer = visitor.log_in(person)
        if answer.status_code != 200:
            break
        wrong = f"{(int(visitor.code(person)) + 1) % 10**6:06}"
        for _ in range(policy.CODE_TRIES.tries):
            visitor.enter(wrong)
        visitor.move(advance="PT61M")
    assert (slug(answer), answer.json()["next"]) == ("step-missing", "recovery")
    said = visitor.why(person)
    assert said["rule"] == "WRONG_CODES_IN_A_ROW: 15"
    assert said["counters"]["login-code"]["in_a_row_left"] == 0
    assert said["sentence"].endswith("only a new password helps now.")


def test_a_trusted_device_locks_apart(new_visitor: NewVisitor) -> None:
    owner, stranger = new_visitor(), new_visitor()
    person = owner.person("many-devices")
    owner.http.cookies.set("portillon-device", person["trusted_devices"][0]["cookie"])
    for _ in range(policy.PASSWORD_TRIES.tries):
        owner.log_in(person, "wrong")
    said = owner.why(person)
    assert [(lock["purpose"], lock["channel"]) for lock in said["locks"]] == [("password", "trusted-device")]
    assert said["counters"]["password"]["left"] == 3
    assert stranger.log_in(person).json()["next"] == "code"


def test_a_number_that_nobody_has_and_what_is_none(visitor: Visitor) -> None:
    assert visitor.why(NOBODY)["refusal"] is None
    for body in ({"nir": "18505780060849"}, {"nir": "1850578006084 00"}, {}, {"nir": 1}):
        answer = visitor.http.post("/api/demo/why", json=body)
        assert (answer.status_code, slug(answer)) == (400, "invalid-request")
        assert answer.json()["errors"][0]["field"] == "nir"


async def _refused(mine: Phone, person: Person, answer: Answer, slug_: str) -> dict[str, Any]:
    assert answer.refusal == slug_
    said = await mine.site.why(person.nir)
    assert (said["refusal"], said["next_allowed_at"]) == (slug_, None)
    return said


@pytest.mark.parametrize(
    ("how", "rule"),
    [({"tampered": True}, "server/biometrics/ceremony.py"), ({"counter": 1}, "WebAuthn Level 3, section 7.2, step 22")],
)
async def test_a_signature_that_is_not_right(site: Site, how: dict[str, Any], rule: str) -> None:
    person = await site.person()
    mine = await active(site, person)
    assert (await mine.enter()).next == "home"
    said = await _refused(mine, person, await mine.enter(**how), "biometric-failed")
    assert said["rule"].startswith(rule)
    assert said["sentence"].endswith("in the step biometric); a new try would be judged now.")


async def test_an_expired_credential(site: Site) -> None:
    person = await site.person()
    mine = await active(site, person)
    await site.advance("P6M")
    said = await _refused(mine, person, await mine.enter(), "biometric-expired")
    assert said["rule"] == f"BIOMETRIC_MONTHS: {policy.BIOMETRIC_MONTHS}"
    assert said["sentence"].endswith("only a login with the code and a new activation help now.")


async def test_activating_without_a_full_login(site: Site) -> None:
    person = await site.person()
    mine = await active(site, person)
    await mine.enter()
    answer = await mine.browser.post("/biometrics/registration/options")
    assert (answer.status, answer.next) == (403, "login")
    said = await _refused(mine, person, answer, "step-missing")
    assert said["rule"] == "RECENT_LOGIN: 15 minutes since a login with password and code"
    assert said["sentence"].endswith("a login with password and code comes first.")


async def test_activating_with_what_is_not_right(site: Site) -> None:
    person, mine = await site.person(), await phone(site)
    await mine.browser.log_in(person)
    options = await mine.registration_options()
    said = await _refused(mine, person, await mine.register(mine.authenticator.create(options, uv=False)), "biometric-failed")
    assert said["rule"].startswith("server/biometrics/ceremony.py")
    answer = await mine.register(mine.authenticator.create(options))
    said = await _refused(mine, person, answer, "biometric-failed")
    assert said["rule"] == "CEREMONY_LIFE: 5 minutes, for one answer of one session"
    assert (await mine.activate()).status == 201
    registered = mine.authenticator.credentials[-1].id
    other = SoftwareAuthenticator(site.url).create(await mine.registration_options(), credential_id=registered)
    said = await _refused(mine, person, await mine.register(other), "biometric-failed")
    assert said["rule"].startswith("biometric_credential.credential_id")


async def test_a_credential_that_was_removed(site: Site) -> None:
    person = await site.person()
    mine = await active(site, person)
    await mine.enter()
    devices = (await mine.browser.http.get("/api/v1/devices")).json()
    [credential] = devices["biometric_credentials"]
    headers = {"Sec-Fetch-Site": "same-origin"}
    removed = await mine.browser.http.delete(f"/api/v1/devices/biometric-credentials/{credential['id']}", headers=headers)
    assert removed.status_code == 204
    said = await _refused(mine, person, await mine.enter(), "biometric-failed")
    assert said["rule"].startswith("biometric_credential.ended_at")
    assert said["sentence"].endswith("only a login with the code and a new activation help now.")


async def test_a_lock_does_not_stand_in_the_way_of_biometrics(site: Site) -> None:
    person = await site.person()
    mine, stranger = await active(site, person), await site.browser("json")
    for _ in range(policy.PASSWORD_TRIES.tries):
        await stranger.enter(person, "wrong")
    assert (await site.why(person.nir))["next_allowed_at"] is not None
    said = await _refused(mine, person, await mine.enter(tampered=True), "biometric-failed")
    assert [lock["purpose"] for lock in said["locks"]] == ["password"]
    assert said["sentence"].endswith("a new try would be judged now.")
    assert (await mine.enter()).next == "home"
