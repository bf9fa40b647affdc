"""The clock that moves: for one space, for every process."""

from datetime import UTC, datetime

import httpx
import pytest

from demo.clock import later
from tests.demo.conftest import NewVisitor
from tests.demo.visitor import Visitor, slug

START = datetime(2026, 8, 31, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("duration", "then"),
    [
        ("PT15M", "2026-08-31T10:15:00"),
        ("-PT15M", "2026-08-31T09:45:00"),
        ("PT48H", "2026-09-02T10:00:00"),
        ("P1DT1.5S", "2026-09-01T10:00:01.500000"),
        ("P2W", "2026-09-14T10:00:00"),
        ("P6M", "2027-02-28T11:00:00"),  # the last day of February, noon in Paris still
        ("-P6M", "2026-02-28T11:00:00"),
        ("P1Y1M", "2027-09-30T10:00:00"),
    ],
)
def test_durations(duration: str, then: str) -> None:
    assert later(START, duration) == datetime.fromisoformat(then).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "15M", "PT15", "P1H", "PT1D", "PT-5M", "PT1M ", "P999Y", "-P999999D", "P٣M", "PT1,5S"]
)
def test_what_is_no_duration_or_leads_too_far(text: str) -> None:
    with pytest.raises(ValueError, match=r"no ISO 8601 duration|out of reach"):
        later(START, text)


def test_spaces_do_not_meet(visitor: Visitor, new_visitor: NewVisitor) -> None:
    other = new_visitor("another")
    before = other.http.get("/api/demo/clock").json()
    assert visitor.move(advance="PT90M")["offset_s"] == 5400
    assert visitor.move(advance="-PT30M")["offset_s"] == 3600
    assert other.http.get("/api/demo/clock").json()["offset_s"] == before["offset_s"]
    assert visitor.move(now="2030-01-01T00:00:00Z")["now"].startswith("2030-01-01T00:00:0")
    assert visitor.move(reset=True)["offset_s"] == 0


def test_a_cookie_names_the_space_for_browsers(visitor: Visitor, demo_site: str) -> None:
    visitor.move(advance="PT1H")
    space = visitor.http.headers["X-Demo-Space"]
    with httpx.Client(base_url=demo_site, headers={"Cookie": f"demo-space={space}"}) as browser:
        assert browser.get("/api/demo/clock").json()["offset_s"] == 3600
        # Named twice, the header counts.
        assert browser.get("/api/demo/clock", headers={"X-Demo-Space": "elsewhere"}).json()["offset_s"] == 0


@pytest.mark.parametrize("name", ["a b", "", "x" * 65, "é".encode(), "a/b"])
def test_a_wrong_name_in_the_header_is_refused(demo_site: str, name: str | bytes) -> None:
    answer = httpx.get(f"{demo_site}/api/demo/clock", headers={"X-Demo-Space": name})
    assert (answer.status_code, slug(answer)) == (400, "invalid-request")
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_broken_cookie_is_cleared_and_breaks_nothing(demo_site: str) -> None:
    answer = httpx.get(f"{demo_site}/connexion", headers={"Cookie": 'demo-space="<b>"'})
    assert answer.status_code == 200
    assert "demo-space=; Path=/; Max-Age=0" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"advance": "15 minutes"},
        {"advance": "P999Y"},
        {"now": "2026-11-21T04:00:00"},
        {"now": "1789-07-14T00:00:00Z"},
        {"reset": False},
        {"advance": "PT1M", "reset": True},
        {"forward": "PT1M"},
        {"advance": None},
        [],
    ],
)
def test_wrong_moves_move_nothing(visitor: Visitor, body: object) -> None:
    answer = visitor.http.post("/api/demo/clock", json=body)
    assert (answer.status_code, slug(answer)) == (400, "invalid-request")
    assert visitor.http.get("/api/demo/clock").json()["offset_s"] == 0


def test_a_session_ages_with_its_space_alone(visitor: Visitor, new_visitor: NewVisitor) -> None:
    person = visitor.person()
    visitor.log_in_with_code(person)
    elsewhere = new_visitor("elsewhere")
    elsewhere.move(advance="P1D")
    assert visitor.session().status_code == 200
    visitor.move(advance="PT16M")
    assert slug(visitor.session()) == "not-signed-in"


def test_a_code_asked_for_in_the_past_is_still_delivered(visitor: Visitor) -> None:
    """The delivery worker of any process judges a mail's expiry by the clock of its space."""
    person = visitor.person()
    visitor.move(now="2020-02-29T08:00:00Z")
    visitor.log_in_with_code(person)
    assert visitor.session().json()["last_login_at"] is None


def test_a_device_trusted_for_six_months_is_so_on_the_last_day_only(visitor: Visitor) -> None:
    person = visitor.person()
    visitor.log_in(person)
    visitor.enter(visitor.code(person), trust=True)
    visitor.http.post("/api/v1/logout")
    visitor.move(advance="P6M")
    visitor.move(advance="-PT1H")
    assert visitor.log_in(person).json() == {"next": "home"}
    visitor.move(advance="PT1H")
    assert visitor.log_in(person).json()["next"] == "code"
