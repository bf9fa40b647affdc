"""The OpenAPI document is true: Schemathesis calls what it lists with right and wrong input, and nothing undocumented comes back."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from server.refusals import Why
from tests.support import Site

PROBLEM = "application/problem+json"
# A number and a code have a form that no JSON type tells, so 400 is right; Litestar's own OPTIONS names one of the two methods of
# a path; the document names no authentication, since state is a cookie.
LEFT_OUT = "positive_data_acceptance,allow_header_conformance,ignored_auth"
ANYWHERE = {"invalid-request", "cross-origin", "too-large", "unknown-host", "unavailable", "internal"}
BEFORE_HOME = {"step-missing", "locked", "address-missing", "account-closed", "file-update-needed", "attachment-pending"}


def schemathesis(site: Site, *options: str) -> None:
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        *("run", f"{site.url}/schema/openapi.json", "--phases", "examples,coverage,fuzzing"),
        *("--checks", "all", "--exclude-checks", LEFT_OUT, "--header", f"X-Demo-Space: {site.space}"),
        *("--seed", "1", "--generation-database", "none", "--suppress-health-check", "all", "--no-color"),
        *options,
    ]
    ran = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=150, check=False)
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]


async def test_whatever_is_sent_nothing_undocumented_comes_back(site: Site) -> None:
    # The one is for everybody; the other waits for mail when it is asked to.
    schemathesis(site, "--max-examples", "10", "--exclude-path", "/api/demo/reset", "--exclude-path", "/api/demo/messages")


async def test_nor_with_a_login_under_way_or_a_session(site: Site) -> None:
    person, waiting, inside = await site.person(), await site.browser("json"), await site.browser("json")
    await inside.log_in(person)
    await waiting.enter(person)
    await waiting.send_code()
    cookies = f"Cookie: portillon-attempt={waiting.cookie('attempt')}; portillon-session={inside.cookie('session')}"
    within = "/api/v1/(session|login/code|notices|devices)"
    schemathesis(site, "--max-examples", "15", "--header", cookies, "--include-path-regex", within)


@pytest.fixture
async def document(site: Site) -> dict[str, Any]:
    told: dict[str, Any] = (await site.demo.get("/schema/openapi.json")).json()
    return told


def slugs(answer: dict[str, Any]) -> set[str]:
    return set(answer["description"].split(", "))


@pytest.mark.parametrize(
    ("method", "path", "success", "refusals"),
    [
        ("post", "/api/v1/login", 200, {"invalid-credentials", *BEFORE_HOME}),
        ("post", "/api/v1/login/code", 202, BEFORE_HOME),
        ("post", "/api/v1/login/code/check", 200, {"invalid-code", "code-expired", *BEFORE_HOME}),
        ("get", "/api/v1/session", 200, {"not-signed-in"}),
        ("post", "/api/v1/logout", 204, set()),
        ("post", "/api/v1/notices/{slug}/acknowledge", 204, {"not-signed-in", "not-found"}),
        ("get", "/api/v1/devices", 200, {"not-signed-in"}),
        ("delete", "/api/v1/devices/{kind}", 204, {"not-signed-in", "not-found"}),
        ("delete", "/api/v1/devices/{kind}/{item_id}", 204, {"not-signed-in", "not-found"}),
    ],
)
async def test_each_call_of_the_contract_is_documented_with_its_refusals(
    document: dict[str, Any], method: str, path: str, success: int, refusals: set[str]
) -> None:
    answers = document["paths"][path][method]["responses"]
    assert str(success) in answers
    problems = {status: answer for status, answer in answers.items() if int(status) >= 400}
    told = {slug for answer in problems.values() for slug in slugs(answer)}
    assert refusals | ANYWHERE <= told
    statuses = {(why.slug, str(why.status.value)) for why in Why}
    for status, answer in problems.items():
        assert list(answer["content"]) == [PROBLEM]
        assert {(slug, status) for slug in slugs(answer)} <= statuses


async def test_the_document_is_of_the_programs_door_only(document: dict[str, Any]) -> None:
    assert [
        path for path in document["paths"] if not path.startswith(("/api/", "/health/", "/robots.txt", "/.well-known/"))
    ] == []


async def test_there_are_no_pages_about_it_that_load_from_elsewhere(site: Site) -> None:
    """Litestar would make some, with scripts from CDNs."""
    for path in ("/schema", "/schema/swagger", "/schema/redoc", "/schema/elements", "/schema/rapidoc"):
        answer = await site.demo.get(path)
        assert answer.status_code == 404 or answer.headers["content-type"].endswith("json")
        assert "<script" not in answer.text
