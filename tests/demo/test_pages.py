"""The demo's pages: by hand, without a script."""

import re

import httpx
import pytest

from demo.people import fixed
from tests.demo.conftest import NewVisitor
from tests.demo.visitor import Visitor


@pytest.fixture
def by_hand(demo_site: str) -> httpx.Client:
    with httpx.Client(base_url=demo_site, follow_redirects=True, headers={"Origin": demo_site}) as client:
        client.cookies.set("demo-space", "pages")
        yield client


def test_the_fixed_people_are_shown_and_log_in_at_a_press(by_hand: httpx.Client) -> None:
    page = by_hand.get("/demo").text
    for someone in fixed():
        assert someone.nir in page
        assert someone.password in page
    someone = next(someone for someone in fixed() if someone.persona == "many-devices")
    button = re.search(rf'action="/connexion">\s*(<input[^>]*"nir"[^>]*{someone.nir}[^>]*>\s*<input[^>]*>)', page)
    assert button
    sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', button[1]))
    assert sent == {"nir": someone.nir, "password": someone.password}
    answer = by_hand.post("/connexion", data=sent)
    assert answer.url.path == "/connexion/code"


@pytest.mark.parametrize(
    ("persona", "cookie", "next_"),
    [("many-devices", "portillon-device", "/accueil"), ("biometric-never", "portillon-browser", None)],
)
def test_somebodys_browser_is_taken_at_a_press(by_hand: httpx.Client, persona: str, cookie: str, next_: str | None) -> None:
    page = by_hand.get("/demo").text
    assert re.search(rf'action="/demo/navigateur">\s*<input type="hidden" name="qui" value="{persona}">', page)
    assert "maintenant le sien" not in page
    taken = by_hand.post("/demo/navigateur", data={"qui": persona})
    assert "maintenant le sien" in taken.text
    assert taken.text.index(f'id="{persona}"') < taken.text.index("maintenant le sien")
    assert by_hand.cookies[cookie]
    someone = next(someone for someone in fixed() if someone.persona == persona)
    logged_in = by_hand.post("/connexion", data={"nir": someone.nir, "password": someone.password})
    assert logged_in.url.path == (next_ or "/connexion/code")


def test_where_the_browser_was_taken_nothing_is_offered(visitor: Visitor) -> None:
    taken = visitor.http.post("/demo/navigateur", data={"qui": "biometric-never"})
    assert taken.status_code == 303
    someone = next(someone for someone in fixed() if someone.persona == "biometric-never")
    visitor.log_in_with_code({"nir": someone.nir, "password": someone.password, "email": someone.email})
    assert visitor.session().json()["offer_biometrics"] is False


@pytest.mark.parametrize("who", ["", "ordinary", "somebody"])
def test_others_have_no_browser_to_take(by_hand: httpx.Client, who: str) -> None:
    answer = by_hand.post("/demo/navigateur", data={"qui": who})
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")


def test_a_mail_is_listed_and_opened(visitor: Visitor, by_hand: httpx.Client) -> None:
    person = visitor.person()
    visitor.log_in(person)
    code = visitor.code(person)
    for address in ("/demo/boite", f"/demo/boite?a={person['email']}"):
        listed = by_hand.get(address).text
        assert person["email"] in listed
        assert code in listed
    assert code not in by_hand.get("/demo/boite?a=nobody@boite.example").text
    [message] = visitor.messages(to=person["email"])
    seen = by_hand.get("/demo/boite", params={"a": person["email"], "vu": message["id"]})
    assert (seen.status_code, seen.text) == (204, "")
    opened = by_hand.get(f"/demo/boite/{message['id']}")
    assert code in opened.text
    assert message["headers"]["Message-ID"].strip("<>") in opened.text
    assert "frame-src 'self'" in opened.headers["content-security-policy"]
    assert "unsafe" not in opened.headers["content-security-policy"]


def test_the_html_part_stands_in_a_frame_that_may_do_nothing(visitor: Visitor, by_hand: httpx.Client) -> None:
    person = visitor.person()
    visitor.log_in(person)
    visitor.code(person)
    number = visitor.messages(to=person["email"])[0]["id"]
    framing = by_hand.get(f"/demo/boite/{number}").text
    assert re.search(rf'<iframe [^>]*src="/demo/boite/{number}/html"[^>]* sandbox="allow-popups', framing)
    framed = by_hand.get(f"/demo/boite/{number}/html")
    rules = framed.headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in rules
    assert "frame-ancestors 'self'" in rules
    assert not any(rule.startswith("script-src") for rule in rules)
    assert not re.search("allow-(scripts|same-origin|forms|top-navigation)", framed.headers["content-security-policy"] + framing)
    assert framed.headers["x-frame-options"] == "SAMEORIGIN"
    elsewhere = by_hand.get("/connexion")
    assert elsewhere.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in elsewhere.headers["content-security-policy"]


@pytest.mark.parametrize("address", ["/demo/boite/999999", "/demo/boite/999999/html", "/demo/boite/x"])
def test_a_message_that_is_not_there(by_hand: httpx.Client, address: str) -> None:
    answer = by_hand.get(address)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


def test_the_clock_is_moved_by_buttons(by_hand: httpx.Client) -> None:
    for step in ("PT1M", "PT15M", "PT1H", "PT48H"):
        assert f'value="{step}"' in by_hand.get("/demo/horloge").text
        moved = by_hand.post("/demo/horloge", data={"avance": step})
    assert "en avance de 2\u00a0jours 1\u00a0heure 16\u00a0minutes" in moved.text
    assert by_hand.get("/api/demo/clock").json()["offset_s"] == 177_360
    assert "À l’heure" in by_hand.post("/demo/horloge", data={"avance": ""}).text
    assert by_hand.post("/demo/horloge", data={"avance": "tomorrow"}).status_code == 400


def test_a_space_is_chosen_and_left(by_hand: httpx.Client) -> None:
    by_hand.cookies.clear()
    chosen = by_hand.post("/demo/espace", data={"espace": "atelier-7"})
    assert "Espace <strong>atelier-7</strong>" in chosen.text
    assert by_hand.cookies["demo-space"] == "atelier-7"
    by_hand.post("/demo/horloge", data={"avance": "PT1H"})
    refused = by_hand.post("/demo/espace", data={"espace": "deux mots"})
    assert refused.status_code == 400
    assert "Ce nom ne convient pas." in refused.text
    assert 'value="deux mots"' in refused.text
    left = by_hand.post("/demo/espace", data={"espace": ""})
    assert "l’espace commun" in left.text
    assert "demo-space" not in by_hand.cookies
    by_hand.cookies.set("demo-space", "atelier-7")
    assert by_hand.get("/api/demo/clock").json()["offset_s"] == 3600


def test_another_site_moves_nothing(by_hand: httpx.Client) -> None:
    for address in ("/demo/horloge", "/demo/remise", "/demo/espace", "/demo/navigateur", "/api/demo/reset"):
        assert by_hand.post(address, headers={"Origin": "https://elsewhere.example"}).status_code == 403


def test_an_address_for_buttons_only_leads_back(new_visitor: NewVisitor, by_hand: httpx.Client) -> None:
    for address in ("/demo/remise", "/demo/espace", "/demo/navigateur"):
        assert by_hand.get(address).url.path == "/demo"
