"""People on demand: every persona comes home or is refused as it says."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from demo.people import fixed
from demo.personas import PERSONAS, password
from server import policy
from server.nir import canonical
from tests.demo.conftest import NewVisitor
from tests.demo.visitor import Visitor, slug

REFUSED = {
    "no-address": (403, "address-missing"),
    "unconfirmed-address": (403, "address-missing"),
    "closed": (403, "account-closed"),
    "no-fund": (403, "file-update-needed"),
    "attachment-pending": (403, "attachment-pending"),
    "not-created": (401, "invalid-credentials"),
}
ADMITTED = {"ordinary", "second-login", "many-devices", "biometric-never", "terms-pending", "overlap-pending"}


def test_the_list_is_what_can_be_made(visitor: Visitor) -> None:
    listed = visitor.http.get("/api/demo/personas").json()
    assert {persona["slug"] for persona in listed} == ADMITTED | set(REFUSED)
    assert all(persona["about"] for persona in listed)


@pytest.mark.parametrize("persona", sorted(ADMITTED))
def test_admitted(visitor: Visitor, persona: str) -> None:
    visitor.log_in_with_code(visitor.person(persona))
    last = visitor.session().json()["last_login_at"]
    assert (last is None) == (persona == "ordinary")


@pytest.mark.parametrize("persona", sorted(REFUSED))
def test_refused(visitor: Visitor, persona: str) -> None:
    answer = visitor.log_in(visitor.person(persona))
    assert (answer.status_code, slug(answer)) == REFUSED[persona]


@pytest.mark.parametrize("someone", fixed(), ids=lambda someone: someone.persona)
def test_the_fixed_people_are_there_from_the_start(visitor: Visitor, someone: object) -> None:
    person = {"nir": someone.nir, "password": someone.password, "email": someone.email}  # type: ignore[attr-defined]
    answer = visitor.log_in(person)
    expected = REFUSED.get(someone.persona, (200, None))  # type: ignore[attr-defined]
    assert answer.status_code == expected[0], answer.text


@pytest.mark.parametrize(
    ("persona", "notices", "offered"),
    [
        ("ordinary", [], False),
        ("second-login", [], True),
        ("many-devices", [], True),
        ("biometric-never", [], True),
        ("terms-pending", ["terms"], False),
        ("overlap-pending", ["overlap"], False),
    ],
)
def test_what_waits_after_the_login(visitor: Visitor, persona: str, notices: list[str], offered: bool) -> None:
    """In a browser that nobody knows."""
    person = visitor.person(persona)
    visitor.log_in(person)
    entered = visitor.enter(visitor.code(person)).json()
    assert entered == {"next": "home", "notices": notices, "offer_biometrics": offered}
    for slug_ in notices:
        assert visitor.http.post(f"/api/v1/notices/{slug_}/acknowledge").status_code == 204
    session = visitor.session().json()
    assert (session["notices"], session["offer_biometrics"]) == ([], persona != "ordinary")


def test_where_they_said_never_nothing_is_offered(visitor: Visitor) -> None:
    person = visitor.person("biometric-never")
    visitor.http.cookies.set("portillon-browser", person["browser_cookie"])
    visitor.log_in_with_code(person)
    assert visitor.session().json()["offer_biometrics"] is False
    other = visitor.person("second-login")
    assert other["browser_cookie"] is None
    visitor.log_in_with_code(other)
    assert visitor.session().json()["offer_biometrics"] is True


def test_each_device_cookie_replaces_the_code(visitor: Visitor, new_visitor: NewVisitor) -> None:
    person = visitor.person("many-devices")
    assert len({device["cookie"] for device in person["trusted_devices"]}) == 4
    for device in person["trusted_devices"]:
        browser = new_visitor()
        browser.http.cookies.set("portillon-device", device["cookie"])
        assert browser.log_in(person).json() == {"next": "home"}


def test_parallel_calls_never_give_the_same_person(new_visitor: NewVisitor) -> None:
    visitors = [new_visitor() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        people = list(pool.map(lambda number: visitors[number % 8].person(), range(24)))
    assert len({person["nir"] for person in people}) == 24
    assert len({person["email"] for person in people}) == 24
    assert len({person["mobile"] for person in people}) == 24
    assert all(canonical(person["nir"] + person["nir_key"]) == person["nir"] for person in people)


def test_overrides(visitor: Visitor) -> None:
    wanted = {
        "email": "Marthe.O-Neil+test@exemple.example",
        "password": "a word of mine; ünïcode",
        "birth_date": "1980-02-29",
        "mobile": "+33699999999",
        "fund": "999",
        "scheme": "777",
        "first_names": "Marthe",
        "last_name": "Ô’Neil",
    }
    person = visitor.person(**wanted)
    assert {name: person[name] for name in wanted} == wanted
    visitor.log_in_with_code(person)
    assert visitor.session().json()["name"] == "Marthe Ô’Neil"


@pytest.mark.parametrize(
    ("overrides", "refusal"),
    [
        ({"email": None}, "address-missing"),
        ({"fund": None}, "file-update-needed"),
        ({"scheme": None}, "file-update-needed"),
        ({"attachment": "pending"}, "attachment-pending"),
        ({"closed_on": "2026-01-31"}, "account-closed"),
    ],
)
def test_overrides_that_refuse(visitor: Visitor, overrides: dict[str, object], refusal: str) -> None:
    assert slug(visitor.log_in(visitor.person(**overrides))) == refusal


@pytest.mark.parametrize(
    ("persona", "overrides", "notices"),
    [
        ("second-login", {"terms_accepted": None}, ["terms"]),
        ("second-login", {"terms_accepted": "2020-01-31"}, ["terms"]),
        ("second-login", {"overlap_since": "2026-07-01"}, ["overlap"]),
        ("ordinary", {"overlap_since": "2026-07-01", "terms_accepted": None}, ["terms", "overlap"]),
        ("terms-pending", {"terms_accepted": policy.TERMS_OF_USE.isoformat()}, []),
        ("overlap-pending", {"overlap_since": None}, []),
    ],
)
def test_overrides_of_what_waits(visitor: Visitor, persona: str, overrides: dict[str, object], notices: list[str]) -> None:
    person = visitor.person(persona, **overrides)
    assert {name: person[name] for name in overrides} == overrides
    visitor.log_in_with_code(person)
    session = visitor.session().json()
    assert (session["notices"], session["offer_biometrics"]) == (notices, not notices)


def test_an_override_wins_over_the_persona(visitor: Visitor) -> None:
    assert visitor.log_in(visitor.person("closed", closed_on=None)).json()["next"] == "code"


@pytest.mark.parametrize(
    "body",
    [
        {"persona": "advisor"},
        {"persona": 1},
        {"overrides": {"nir": "1850578006084"}},
        {"overrides": {"email": "no address"}},
        {"overrides": {"email": "a@b.example\n"}},
        {"overrides": {"email": "a" * 250 + "@b.example"}},
        {"overrides": {"password": ""}},
        {"overrides": {"mobile": "06 39 98 00 00"}},
        {"overrides": {"fund": "12345678901"}},
        {"overrides": {"attachment": "somewhere"}},
        {"overrides": {"birth_date": "1985-02-30"}},
        {"overrides": {"first_names": " "}},
        {"overrides": {"last_name": "a\u0000b"}},
        {"overrides": {"overlap_since": "2026-02-30"}},
        {"overrides": {"terms_accepted": True}},
        {"wishes": {}},
    ],
)
def test_what_cannot_be_made(visitor: Visitor, body: object) -> None:
    answer = visitor.http.post("/api/demo/people", json=body)
    assert (answer.status_code, slug(answer)) == (400, "invalid-request")


def test_fixed_people_are_one_of_each_persona_and_always_the_same() -> None:
    assert [someone.persona for someone in fixed()] == [persona.slug for persona in PERSONAS]
    assert fixed() == fixed()
    assert len({someone.nir for someone in fixed()}) == len(PERSONAS)


def test_passwords_keep_the_rules() -> None:
    """Product page, section 4: length, letters of both cases, a digit or a sign of the list, and no other character."""
    for number in range(0, 2**16, 7):
        word = password(number.to_bytes(2, "big") * 2)
        assert 8 <= len(word) <= 50
        assert re.fullmatch(r"[A-Za-z0-9-]+", word)
        assert re.search("[a-z]", word)
        assert re.search("[A-Z]", word)
        assert not re.search(r"\d\d", word)  # so it holds no part of a number or a date
