"""What HTTP itself asks of the service: HEAD, Host, bodies where none is taken; and right answers that come at once."""

import asyncio

import httpx
import pytest

from server.policy import PASSWORD_TRIES
from tests.support import Site


async def test_head_is_get_without_its_body(demo_site: str) -> None:
    async with httpx.AsyncClient(base_url=demo_site) as http:
        for path in ("/connexion", "/aide", "/health/live", "/robots.txt", "/api/v1/session", "/nowhere"):
            got, head = await http.get(path), await http.head(path)
            assert (head.status_code, head.content) == (got.status_code, b""), path
            assert head.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize(
    "host", ["localhost.evil.example", "localhost:80.evil.example", "localhost:evil", "user@localhost", "[::1", "evil@", ""]
)
async def test_a_host_that_is_not_ours_is_refused(demo_site: str, host: str) -> None:
    async with httpx.AsyncClient(base_url=demo_site) as http:
        assert (await http.get("/connexion", headers={"host": host})).status_code == 421


@pytest.mark.parametrize("path", ["/api/v1/login/code", "/api/v1/logout"])
async def test_a_call_that_takes_nothing_refuses_members(demo_site: str, path: str) -> None:
    async with httpx.AsyncClient(base_url=demo_site) as http:
        assert (await http.post(path, json={"x": 1})).status_code == 400
        assert (await http.post(path, content=b" " * 70_000)).status_code == 413
        assert (await http.post(path, json={})).status_code in {204, 409}


async def test_an_empty_password_is_no_try(site: Site) -> None:
    person = await site.person()
    async with httpx.AsyncClient(base_url=site.url, headers={"x-demo-space": site.space}) as http:
        for _ in range(PASSWORD_TRIES.tries + 1):
            answer = await http.post("/api/v1/login", json={"nir": person.nir, "password": ""})
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "password")
        assert (await http.post("/api/v1/login", json={"nir": person.nir, "password": person.password})).status_code == 200


async def test_right_passwords_at_once_never_ask_for_a_new_one(site: Site) -> None:
    """The reason of a refusal is read after a right answer beside it may have emptied the count."""
    person = await site.person()
    credentials = {"nir": person.nir, "password": person.password}
    async with httpx.AsyncClient(base_url=site.url, headers={"x-demo-space": site.space}, timeout=60) as http:
        for _ in range(3):
            answers = await asyncio.gather(*(http.post("/api/v1/login", json=credentials) for _ in range(40)))
            assert {answer.status_code for answer in answers} <= {200, 423}
            assert any(answer.status_code == 200 for answer in answers)
        assert (await http.post("/api/v1/login", json=credentials)).status_code == 200
