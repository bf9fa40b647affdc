"""A demo of one's own, treated roughly: workers that must agree, killed processes, a Redis that hangs, a clean stop."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.demo.demo_process import LONG_ENOUGH_S, DemoProcess, alive, until
from tests.demo.visitor import Visitor, slug


@contextmanager
def stopped(*pids: int) -> Iterator[None]:
    """These processes do nothing while the block lasts."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@pytest.fixture
def rough(own_demo: DemoProcess) -> DemoProcess:
    """Each test begins with both workers serving."""
    until(lambda: len(own_demo.workers()) == 2, "two workers")
    for worker in own_demo.workers():
        others = [pid for pid in own_demo.workers() if pid != worker]
        with stopped(*others):
            until(lambda: _answers(own_demo), "this worker answers alone")
    return own_demo


def _answers(demo: DemoProcess) -> bool:
    try:
        return httpx.get(f"{demo.url}/health/live", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def test_what_one_worker_is_told_the_other_obeys(rough: DemoProcess) -> None:
    one, other = rough.workers()
    with stopped(other):
        visitor = Visitor(rough.url, "both")
        person = visitor.person()
        visitor.log_in(person)
        code = visitor.code(person)
        visitor.move(advance="PT14M")
        visitor.http.close()
    with stopped(one):
        elsewhere = Visitor(rough.url, "both")
        elsewhere.http.cookies = visitor.http.cookies
        assert elsewhere.http.get("/api/demo/clock").json()["offset_s"] == 840
        assert elsewhere.messages(to=person["email"])[0]["code"] == code
        elsewhere.move(advance="PT1M")
        elsewhere.http.close()
    with stopped(other):
        again = Visitor(rough.url, "both")
        again.http.cookies = visitor.http.cookies
        assert slug(again.enter(code)) == "code-expired"
        again.http.close()


def test_a_worker_that_is_killed_is_replaced_and_nothing_is_forgotten(rough: DemoProcess) -> None:
    visitor = Visitor(rough.url, "killed")
    person = visitor.person()
    visitor.log_in_with_code(person)
    visitor.move(advance="PT10M")
    for victim in rough.workers():
        before = set(rough.workers())
        os.kill(victim, signal.SIGKILL)
        until(lambda before=before: set(rough.workers()) - before, "a new worker")
        until(lambda: _answers(rough), "it answers again")
    visitor = _reconnected(visitor)
    assert visitor.http.get("/api/demo/clock").json()["offset_s"] == 600
    assert visitor.session().status_code == 200
    assert visitor.messages(to=person["email"])


def _begin_waiting(url: str) -> socket.socket:
    """A connection that waits for a mail which never comes."""
    waiting = socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=LONG_ENOUGH_S)
    question = "GET /api/demo/messages?to=nobody@boite.example&wait=30 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    waiting.sendall(question.encode())
    return waiting


def _reconnected(visitor: Visitor) -> Visitor:
    """The same browser, on a new connection."""
    again = Visitor(str(visitor.http.base_url), visitor.http.headers["X-Demo-Space"])
    again.http.cookies = visitor.http.cookies
    visitor.http.close()
    return again


def test_while_redis_hangs_the_last_known_clock_serves(rough: DemoProcess) -> None:
    visitor = Visitor(rough.url, "hanging")
    visitor.move(advance="P2D")
    [valkey] = rough.named("valkey-server")
    with stopped(valkey):
        for _ in range(10):
            assert httpx.get(f"{rough.url}/health/live", timeout=1).status_code == 200
        told = visitor.http.get("/api/demo/clock")
        assert (told.status_code, told.json()["offset_s"]) == (200, 172_800)
        refused = visitor.http.post("/api/demo/clock", json={"advance": "PT1M"})
        assert (refused.status_code, slug(refused)) == (503, "unavailable")
    until(lambda: visitor.http.post("/api/demo/clock", json={"reset": True}).status_code == 200, "Redis serves again")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_leaves_no_process_and_keeps_the_data(data_folder: Path, number: signal.Signals) -> None:
    with DemoProcess(data_folder, "--workers", "2") as demo:
        visitor = Visitor(demo.url, None)
        person = visitor.person()
        visitor.log_in_with_code(person)
        with closing(_begin_waiting(demo.url)) as waiting:
            assert visitor.session().status_code == 200
            demo.stop(number)
            answer = waiting.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert answer.endswith(b"[]")
        visitor.http.close()
    assert (data_folder / "keys.json").stat().st_mode & 0o777 == 0o600
    with DemoProcess(data_folder) as demo:
        visitor = Visitor(demo.url, None)
        assert visitor.messages(to=person["email"])
        visitor.log_in_with_code(person)
        assert visitor.session().json()["last_login_at"] is not None
        visitor.http.close()


def test_workers_and_engines_end_with_a_supervisor_that_was_killed(data_folder: Path) -> None:
    demo = DemoProcess(data_folder, "--workers", "2")
    everybody = demo.descendants()
    assert len(everybody) >= 4
    demo.process.kill()
    demo.process.wait()
    until(lambda: not any(alive(pid) for pid in everybody), "its processes have ended")
    with DemoProcess(data_folder):
        pass
