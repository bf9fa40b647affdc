"""Forms that do not belong get a French page with the true status; every answer leaves with the same protections."""

import json
import re
from typing import Any

import httpx
import pytest

from tests.frontend.test_login_doors import FORM, a_page
from tests.support import Person, Site

BOUNDARY = "multipart/form-data; boundary=x"


async def post(site: Site, path: str, content: bytes, **headers: str) -> httpx.Response:
    """A form from a browser that takes cookies."""
    sent = {**FORM, "Cookie": "portillon-accepted=yes", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return await site.demo.post(path, content=content, headers=sent)


async def nothing_counted(site: Site, person: Person) -> None:
    assert (await site.why(person.nir))["refusal"] is None


@pytest.mark.parametrize("path", ["/connexion", "/connexion/code"])
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", json.dumps({"nir": "NIR", "password": "x", "code": "123456"}).encode()),
        ("text/plain", b"nir=NIR&password=x&code=123456"),
        (BOUNDARY, b'--x\r\nContent-Disposition: form-data; name="nir"\r\n\r\nNIR\r\n--x--\r\n'),
        (BOUNDARY, b"--y garbage"),
        (BOUNDARY, b'--x\r\nContent-Disposition: form-data; name="nir"; filename="a"\r\n\r\nNIR\r\n--x--\r\n'),
        ("", b"nir=NIR&password=x"),
        ("application/x-www-form-urlencoded; charset=utf-16", "nir=NIR&password=x".encode("utf-16")),
        (FORM["Content-Type"], b"\xff\xfe\x00&%ff=%fe&nir=%ff%ff"),
        (FORM["Content-Type"], b"nir=NIR&nir=NIR&password=x&password=y&code=1&code=2"),
        (FORM["Content-Type"], b"&&&===&;;"),
        (FORM["Content-Type"], b"nir[]=NIR&password[a]=x&code=&trust_device=perhaps"),
        (FORM["Content-Type"], b"&".join(b"f%d=1" % place for place in range(10_000))),
        (FORM["Content-Type"], b"nir=" + b"[" * 30_000),
    ],
)
async def test_a_form_of_another_kind_is_refused_with_a_page(site: Site, path: str, kind: str, body: bytes) -> None:
    person = await site.person()
    answer = await post(site, path, body.replace(b"NIR", person.nir.encode()), Content_Type=kind)
    # A code's form without a login under way leads back to the login.
    if answer.status_code == 303:
        assert (path, answer.headers["location"]) == ("/connexion/code", "/connexion")
    else:
        a_page(answer, 400, 401, 413, 415)
    if answer.status_code != 401:
        await nothing_counted(site, person)


@pytest.mark.parametrize("path", ["/connexion", "/connexion/code", "/connexion/code/envoi"])
async def test_a_form_over_64_kib_is_refused_with_a_page(site: Site, path: str) -> None:
    if path.endswith("envoi"):  # takes no body, and reads none
        assert (await post(site, path, b"a=" + b"x" * 1_000_000)).status_code in {303, 413}
        return
    a_page(await post(site, path, b"nir=2850578006084&password=" + b"x" * 70_000), 413)


@pytest.mark.parametrize(
    "path", ["/connexion", "/connexion/code", "/connexion/code/envoi", "/connexion/recommencer", "/deconnexion"]
)
@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}],
)
async def test_a_form_on_another_site_is_refused_and_ends_nothing(site: Site, path: str, headers: dict[str, str]) -> None:
    person, browser = await site.person(), await site.browser("pages")
    await browser.log_in(person)
    answer = await browser.http.post(path, data={"nir": person.nir, "password": "wrong"}, headers=headers)
    assert "ne vient pas de notre site" in a_page(answer, 403)
    assert await browser.session() is not None
    await nothing_counted(site, person)


async def test_what_is_not_there_is_told_to_people_in_a_page(site: Site) -> None:
    a_page(await site.demo.get("/nulle-part"), 404)
    a_page(await site.demo.get("/connexion/nulle-part"), 404)
    for method, path in (("PUT", "/connexion"), ("DELETE", "/accueil"), ("POST", "/aide"), ("PATCH", "/")):
        answer = await site.demo.request(method, path, headers={"Sec-Fetch-Site": "same-origin"})
        a_page(answer, 405)
        assert "GET" in answer.headers["allow"]
    a_page(await site.demo.get("/connexion", headers={"Host": "evil.example"}), 421)


ANSWERS = [
    ("GET", "/connexion"),
    ("GET", "/connexion/code"),
    ("GET", "/accueil"),
    ("GET", "/aide"),
    ("GET", "/nulle-part"),
    ("PUT", "/connexion"),
    ("POST", "/connexion"),
    ("GET", "/api/v1/session"),
    ("GET", "/api/v1/nowhere"),
    ("POST", "/api/v1/login"),
    ("GET", "/health/live"),
    ("GET", "/schema/openapi.json"),
    ("GET", "/static/page.css"),
    ("GET", "/static/none.css"),
    ("GET", "/problems/locked"),
    ("GET", "/demo"),
]


@pytest.mark.parametrize(("method", "path"), ANSWERS)
async def test_every_answer_has_the_same_protections(site: Site, method: str, path: str) -> None:
    for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}):
        told = (await site.demo.request(method, path, headers=headers)).headers
        policy = dict(part.strip().split(" ", 1) for part in told["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert "unsafe" not in told["content-security-policy"]
        assert told["x-content-type-options"] == "nosniff"
        assert told["referrer-policy"] == "no-referrer"
        assert told["cross-origin-opener-policy"] == "same-origin"
        assert "server" not in told
        if not path.startswith("/static/"):
            assert told["cache-control"] == "no-store"
            assert "HX-Request" in told["vary"]


@pytest.mark.parametrize("path", ["/connexion", "/aide", "/aide/numero", "/mentions-legales", "/nulle-part", "/demo"])
async def test_pages_hold_no_inline_script_or_style_and_nothing_from_elsewhere(site: Site, path: str) -> None:
    html = (await site.demo.get(path)).text
    assert not re.search(r"<script(?![^>]* src=)", html)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", html)
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//[^"]*"', html)
    for address in set(re.findall(r'(?:src|href)="(/static/[^"]+)"', html)):
        assert (await site.demo.get(address)).status_code == 200


async def test_a_problem_type_leads_to_a_page_about_it(site: Site) -> None:
    answer = await site.demo.post("/api/v1/login", json={})
    told: dict[str, Any] = answer.json()
    a_page(await site.demo.get(told["type"]), 200)
    a_page(await site.demo.get("/problems/none-of-ours"), 404)
