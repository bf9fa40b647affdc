"""A browser, or a test suite, at the demo's JSON doors."""

from typing import Any

import httpx

LONG_ENOUGH_S = 20


class Visitor:
    """Keeps its cookies; lives in a space."""

    def __init__(self, url: str, space: str | None) -> None:
        headers = {} if space is None else {"X-Demo-Space": space}
        self.http = httpx.Client(base_url=url, headers=headers, timeout=LONG_ENOUGH_S + 20)

    def person(self, persona: str = "ordinary", **overrides: Any) -> dict[str, Any]:
        answer = self.http.post("/api/demo/people", json={"persona": persona, "overrides": overrides})
        assert answer.status_code == 201, answer.text
        person: dict[str, Any] = answer.json()
        return person

    def log_in(self, person: dict[str, Any], password: str | None = None) -> httpx.Response:
        """Number and password only."""
        return self.http.post("/api/v1/login", json={"nir": person["nir"], "password": password or person["password"]})

    def ask(self) -> httpx.Response:
        return self.http.post("/api/v1/login/code")

    def enter(self, code: str, *, trust: bool = False) -> httpx.Response:
        return self.http.post("/api/v1/login/code/check", json={"code": code, "trust_device": trust})

    def session(self) -> httpx.Response:
        return self.http.get("/api/v1/session")

    def messages(self, **wanted: Any) -> list[dict[str, Any]]:
        answer = self.http.get("/api/demo/messages", params=wanted)
        assert answer.status_code == 200, answer.text
        messages: list[dict[str, Any]] = answer.json()
        return messages

    def code(self, person: dict[str, Any]) -> str:
        """Ask for a code and read it in the mailbox."""
        before = self.messages(to=person["email"])
        sent = self.ask()
        assert sent.status_code == 202, sent.text
        since = before[0]["id"] if before else "0"
        [message] = self.messages(to=person["email"], wait=LONG_ENOUGH_S, since=since)
        assert message["reference"] == sent.json()["reference"]
        code: str = message["code"]
        return code

    def log_in_with_code(self, person: dict[str, Any]) -> None:
        """All the way home."""
        assert self.log_in(person).json()["next"] == "code"
        entered = self.enter(self.code(person))
        assert entered.json()["next"] == "home", entered.text

    def move(self, **how: Any) -> dict[str, Any]:
        answer = self.http.post("/api/demo/clock", json=how)
        assert answer.status_code == 200, answer.text
        clock: dict[str, Any] = answer.json()
        return clock

    def why(self, person: dict[str, Any]) -> dict[str, Any]:
        answer = self.http.post("/api/demo/why", json={"nir": person["nir"]})
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said


def slug(answer: httpx.Response) -> str:
    """What a refusal is called."""
    return str(answer.json()["type"]).removeprefix("/problems/")
