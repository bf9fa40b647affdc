"""What does not belong is refused clearly, counts nowhere and breaks nothing: the JSON door and the layer before both."""

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support import Person, Site

LOGIN = "/api/v1/login"
SAME = {"Sec-Fetch-Site": "same-origin"}
JSON = {**SAME, "Content-Type": "application/json"}


async def refused(response: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    said: dict[str, Any] = response.json()
    assert said["type"] == f"/problems/{slug}"
    assert said["status"] == status
    assert {"title", "detail"} <= set(said)
    for inside in ("Traceback", "msgspec", "litestar", "asyncpg", "SELECT", "/server/", "Exception"):
        assert inside not in response.text
    return said


async def nothing_counted(site: Site, person: Person) -> None:
    told = await site.why(person.nir)
    assert told["refusal"] is None
    assert [count["used"] for count in told["counters"].values()] == [0, 0, 0]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", None),
        (b"{", None),
        (b"null", None),
        (b"[]", None),
        (b'"text"', None),
        (b"12", None),
        (b"\xff\xfe{}", None),
        (b'{"nir": "\xff", "password": "x"}', None),
        (b"[" * 20_000, None),
        (b'{"nir":' * 5_000, None),
        (b'{"nir": NaN, "password": "x"}', None),
        (b"{}", "nir"),
        (b'{"nir": "2850578006084"}', "password"),
        (b'{"nir": 2850578006084, "password": "x"}', "nir"),
        (b'{"nir": null, "password": "x"}', "nir"),
        (b'{"nir": ["2850578006084"], "password": "x"}', "nir"),
        (b'{"nir": {"$gt": ""}, "password": "x"}', "nir"),
        (b'{"nir": "2850578006084", "password": ' + b"[" * 5000 + b"]" * 5000 + b"}", None),
        (b'{"nir": "2850578006084", "password": "x", "admin": true}', "admin"),
        (b'{"nir": "2850578006084", "password": "x", "trust_device": true}', "trust_device"),
        (json.dumps({"nir": "2" * 1001, "password": "x"}).encode(), "nir"),
        (json.dumps({"nir": "2850578006084", "password": "x" * 1001}).encode(), "password"),
        (b'{"nir": "285057800\\u00006084", "password": "x"}', "nir"),
        (b'{"nir": "\\ud800", "password": "x"}', None),
    ],
)
async def test_a_body_that_is_not_what_the_contract_says(site: Site, body: bytes, field: str | None) -> None:
    said = await refused(await site.demo.post(LOGIN, content=body, headers=JSON), 400, "invalid-request")
    assert said["errors"]
    assert all(set(error) == {"field", "detail"} and error["detail"] for error in said["errors"])
    if field:
        assert [error["field"] for error in said["errors"]] == [field]


@pytest.mark.parametrize(
    "body",
    [
        b'{"code": 123456, "trust_device": false}',
        b'{"code": "123456", "trust_device": "yes"}',
        b'{"trust_device": false}',
        b'{"code": "123456", "trust": true}',
    ],
)
async def test_a_code_that_is_not_what_the_contract_says(site: Site, body: bytes) -> None:
    await refused(await site.demo.post(f"{LOGIN}/code/check", content=body, headers=JSON), 400, "invalid-request")


@pytest.mark.parametrize("password", ["\x00", "\x7f\x1b[2J", "é" * 500, "𝒳" * 100, "' OR 1=1 --", "\ud800", " ", "{{7*7}}"])
async def test_any_password_is_judged_and_none_is_echoed(site: Site, password: str) -> None:
    person = await site.person()
    body = json.dumps({"nir": person.nir, "password": password}).encode()
    response = await site.demo.post(LOGIN, content=body, headers=JSON)
    if "\ud800" in password:  # half a character is no text
        await refused(response, 400, "invalid-request")
        return
    said = await refused(response, 401, "invalid-credentials")
    assert said["tries_left"] == 2
    assert person.nir not in response.text


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonx",
        "",
        "application/problem+json",
    ],
)
async def test_a_body_of_another_kind(site: Site, kind: str) -> None:
    person = await site.person()
    body = json.dumps({"nir": person.nir, "password": person.password}).encode()
    response = await site.demo.post(LOGIN, content=body, headers={**SAME, "Content-Type": kind})
    await refused(response, 415, "unsupported-media-type")
    await nothing_counted(site, person)


@pytest.mark.parametrize("size", [64 * 1024 + 1, 1_000_000])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_over_64_kib(site: Site, size: int, chunked: bool) -> None:
    person = await site.person()
    body = json.dumps({"nir": person.nir, "password": "x"}).encode().ljust(size)

    async def pieces() -> Any:
        for start in range(0, size, 16_384):
            yield body[start : start + 16_384]

    try:
        response = await site.demo.post(LOGIN, content=pieces() if chunked else body, headers=JSON)
    except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
        pass  # the answer came, and the rest of the body was not waited for
    else:
        await refused(response, 413, "too-large")
    await nothing_counted(site, person)


@pytest.mark.parametrize("path", ["/api/v1/login", "/api/v1/login/code", "/api/v1/login/code/check", "/api/v1/logout"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "SITE"},
        {"Sec-Fetch-Site": "anything"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://localhost"},
        {"Origin": "http://localhost:1"},
        {"Origin": "SITE.evil.example"},
    ],
)
async def test_a_write_from_another_site_is_refused_before_anything_is_read(
    site: Site, path: str, headers: dict[str, str]
) -> None:
    person = await site.person()
    sent = {name: value.replace("SITE", site.url) for name, value in headers.items()}
    response = await site.demo.post(path, json={"nir": person.nir, "password": "x"}, headers=sent)
    await refused(response, 403, "cross-origin")
    await nothing_counted(site, person)


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "none"}, {"Origin": "SITE"}, {"Sec-Fetch-Site": "same-origin"}])
async def test_a_write_of_our_own_is_taken(site: Site, headers: dict[str, str]) -> None:
    person = await site.person()
    sent = {name: value.replace("SITE", site.url) for name, value in headers.items()}
    response = await site.demo.post(LOGIN, json={"nir": person.nir, "password": person.password}, headers=sent)
    assert response.status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "evil.example:80", "localhost@evil.example", "", "[", "[::", "a b"],
)
async def test_a_host_that_is_not_ours_is_refused(site: Site, host: str) -> None:
    """By hand: no client would send some of these."""
    for path, kind in (("/api/v1/session", "application/problem+json"), ("/connexion", "text/html")):
        head, _ = await raw(site, f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        status = int(head.split(b" ")[1])
        assert status in {400, 421}, head
        if status == 421:
            assert kind.encode() in head


async def test_our_host_is_ours_with_any_port_and_in_any_case(site: Site) -> None:
    for host in ("localhost", "LOCALHOST:1", "127.0.0.1"):
        response = await site.demo.get("/health/live", headers={"Host": host})
        assert response.status_code == 200


async def test_what_does_not_exist_or_is_not_done_that_way_is_told_to_programs_as_a_problem(site: Site) -> None:
    await refused(await site.demo.get("/api/v1/nowhere"), 404, "not-found")
    await refused(await site.demo.get("/api/"), 404, "not-found")
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        response = await site.demo.request(method, LOGIN, headers=SAME)
        await refused(response, 405, "method-not-allowed")
        assert "POST" in response.headers["allow"]
    assert (await site.demo.head("/api/v1/session")).status_code in {401, 405}


@pytest.mark.parametrize(
    "path",
    [
        "/%ff",
        "/%00",
        "//evil.example/",
        "/connexion%2f..%2f..",
        "/static/../server/app.py",
        "/static/%2e%2e/%2e%2e/pyproject.toml",
        "/static/vendor/../../../package.json",
        "/problems/%3Cscript%3E",
        "/api/v1/session?%ff=%ff",
        "/connexion/code?envoye=peut-etre",
        "/" + "a" * 8000,
        "/aide/" + "%C3%A9" * 500,
    ],
)
async def test_a_strange_address_is_answered_and_opens_nothing(site: Site, path: str) -> None:
    head, body = await raw(
        site, f"GET {path} HTTP/1.1\r\nHost: {urlsplit(site.url).netloc}\r\nConnection: close\r\n\r\n".encode()
    )
    assert int(head.split(b" ")[1]) in {303, 400, 401, 404, 414}, head
    assert b"build-system" not in body
    assert b"<script>" not in body.replace(b'<script src="/static', b"")
    assert b"location: //" not in head.lower()


async def raw(site: Site, request: bytes) -> tuple[bytes, bytes]:
    """One request as these very bytes, on a connection of its own."""
    where = urlsplit(site.url)
    reader, writer = await asyncio.open_connection("127.0.0.1", where.port)
    writer.write(request)
    await writer.drain()
    answer = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return head, body
