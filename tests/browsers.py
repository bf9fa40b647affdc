"""Browsers of the tests: cookies, one of the two doors, and answers read into the words of the contract."""

import re
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx

if TYPE_CHECKING:
    from tests.support import Site

PARIS = ZoneInfo("Europe/Paris")
MONTHS = ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"]


@dataclass(frozen=True)
class Person:
    """An invented insured person of the demo. `known` is all that it said of them."""

    nir: str
    password: str
    email: str
    known: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What either door said, in the words of the contract. `next` is the step that it leads to."""

    response: httpx.Response
    status: int
    refusal: str | None = None
    next: str | None = None
    tries_left: int | None = None
    until: datetime | None = None
    closed_on: str | None = None
    address: str | None = None
    reference: str | None = None
    expires_at: datetime | None = None
    requests_left: int | None = None

    @property
    def text(self) -> str:
        """The page as people read it."""
        return unescape(re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", self.response.text)))


class Browser:
    """Somebody's browser: cookies, and one of the two doors."""

    door: ClassVar[str]

    def __init__(self, site: "Site", http: httpx.AsyncClient) -> None:
        self.site = site
        self.http = http

    async def give_password(self, nir: str, password: str) -> Answer:
        raise NotImplementedError

    async def send_code(self) -> Answer:
        raise NotImplementedError

    async def give_code(self, code: str, *, trust: bool = False) -> Answer:
        raise NotImplementedError

    async def start_over(self) -> None:
        """Back to the first step."""

    async def log_out(self) -> Answer:
        raise NotImplementedError

    async def enter(self, person: Person, password: str | None = None) -> Answer:
        return await self.give_password(person.nir, person.password if password is None else password)

    async def log_in(self, person: Person, *, trust: bool = False) -> Answer:
        """All the way, with a mailed code where one is asked for."""
        answer = await self.enter(person)
        if answer.next == "code":
            await self.send_code()
            answer = await self.give_code(await self.site.code(person), trust=trust)
        assert answer.next == "home", answer
        return answer

    async def session(self) -> dict[str, Any] | None:
        """What the contract says of the session; None where nobody is signed in."""
        found = await self.http.get("/api/v1/session")
        assert found.status_code in {200, 401}, found.text
        return found.json() if found.status_code == 200 else None

    def cookie(self, name: str) -> str | None:
        return next((cookie.value for cookie in self.http.cookies.jar if cookie.name == f"portillon-{name}"), None)

    def set_cookie(self, name: str, value: str) -> None:
        self.drop_cookie(name)
        self.http.cookies.set(f"portillon-{name}", value, domain="localhost.local", path="/")

    def drop_cookie(self, name: str) -> None:
        for cookie in [cookie for cookie in self.http.cookies.jar if cookie.name == f"portillon-{name}"]:
            self.http.cookies.jar.clear(cookie.domain, cookie.path, cookie.name)


class JsonBrowser(Browser):
    """A program, or a page's script, at the JSON door."""

    door = "json"

    async def post(self, path: str, body: Any = None) -> Answer:
        sent = {} if body is None else {"json": body}
        response = await self.http.post(
            f"/api/v1{path}", headers={"Sec-Fetch-Site": "same-origin", "Origin": self.site.url}, **sent
        )
        return self._read(response)

    async def give_password(self, nir: str, password: str) -> Answer:
        return await self.post("/login", {"nir": nir, "password": password})

    async def send_code(self) -> Answer:
        return await self.post("/login/code")

    async def give_code(self, code: str, *, trust: bool = False) -> Answer:
        return await self.post("/login/code/check", {"code": code, "trust_device": trust})

    async def log_out(self) -> Answer:
        return await self.post("/logout")

    def _read(self, response: httpx.Response) -> Answer:
        said = response.json() if response.content else {}
        refusal = None
        if response.status_code >= 400:
            assert response.headers["content-type"] == "application/problem+json", response.headers
            assert said["status"] == response.status_code
            refusal = said["type"].removeprefix("/problems/")
        members = {
            name: said[name]
            for name in ("next", "tries_left", "closed_on", "address", "reference", "requests_left")
            if name in said
        }
        instants = {name: datetime.fromisoformat(said[name]) for name in ("until", "expires_at") if name in said}
        return Answer(response, response.status_code, refusal, **members, **instants)


class PageBrowser(Browser):
    """A person's browser without scripts: it opens a page, fills in its form and follows where that leads."""

    door = "pages"
    _STEPS: ClassVar = {"/connexion": "login", "/connexion/code": "code", "/accueil": "home"}

    def __init__(self, site: "Site", http: httpx.AsyncClient) -> None:
        super().__init__(site, http)
        self.page: httpx.Response | None = None

    async def open(self, path: str) -> Answer:
        return self._read(await self._follow(await self.http.get(path, headers={"Sec-Fetch-Site": "none"})))

    async def submit(self, action: str, **fields: str) -> Answer:
        """Send a form of the page that is shown."""
        assert self.page is not None
        assert f'action="{action}"' in self.page.text, f"no form for {action} on {self.page.url}"
        headers = {"Sec-Fetch-Site": "same-origin", "Origin": self.site.url}
        return self._read(await self._follow(await self.http.post(action, data=fields, headers=headers)))

    async def give_password(self, nir: str, password: str) -> Answer:
        if self.page is None or 'name="password"' not in self.page.text:
            await self.open("/connexion")
        return await self.submit("/connexion", nir=nir, password=password)

    async def send_code(self) -> Answer:
        if (gone := await self._open_code_page("/connexion/code/envoi")) is not None:
            return gone
        return await self.submit("/connexion/code/envoi")

    async def give_code(self, code: str, *, trust: bool = False) -> Answer:
        if (gone := await self._open_code_page("/connexion/code")) is not None:
            return gone
        return await self.submit("/connexion/code", code=code, **({"trust_device": "true"} if trust else {}))

    async def _open_code_page(self, action: str) -> Answer | None:
        """A page left open keeps its form; else the step is opened, and what it shows may have no such form."""
        if self.page is None or f'action="{action}"' not in self.page.text:
            opened = await self.open("/connexion/code")
            if f'action="{action}"' not in opened.response.text:
                return opened
        return None

    async def start_over(self) -> None:
        await self.open("/connexion/code")
        await self.submit("/connexion/recommencer")

    async def log_out(self) -> Answer:
        await self.open("/accueil")
        return await self.submit("/deconnexion")

    async def _follow(self, response: httpx.Response) -> httpx.Response:
        self.hops = [response]
        while response.status_code == 303:
            assert urlsplit(response.headers["location"]).netloc == "", "redirects are relative"
            response = await self.http.get(response.headers["location"])
            self.hops.append(response)
            assert len(self.hops) < 5, "a loop of redirects"
        self.page = response
        return response

    def _read(self, response: httpx.Response) -> Answer:
        assert response.headers["content-type"] == "text/html; charset=utf-8", response.headers
        html = response.text
        found = _Finder(html)
        # A lock shows also on a page that was only opened.
        refusal = found.one(r'data-refusal="([a-z-]+)"') or found.one('data-step="(locked)"')
        until = found.one(r'class="plate-time" datetime="([^"]+)"') if refusal == "locked" else None
        expires = found.one(r'Code valable jusqu’à</dt><dd><time datetime="([^"]+)"')
        text = unescape(re.sub("<[^>]+>", " ", html)).replace("\u00a0", " ")
        tries, left = re.search(r"Il vous reste (\d) essai", text), re.search(r"Encore (\d) envoi", text)
        return Answer(
            response,
            response.status_code,
            refusal,
            # The first page may say that the login was interrupted: that is where it leads all the same.
            next=self._STEPS.get(response.url.path) if refusal in {None, "not-signed-in"} else None,
            tries_left=int(tries[1]) if tries else None,
            until=datetime.fromisoformat(until) if until else _in_words(text),
            address=found.one(r'<strong class="breakable">([^<]+)<') or found.one(r'<p class="address">([^<]+)<'),
            reference=found.one(r'class="reference">([^<]+)<'),
            expires_at=datetime.fromisoformat(expires) if expires else None,
            requests_left=int(left[1]) if left else None,
        )


def _in_words(text: str) -> datetime | None:
    """The end of a lock where the page says it in a sentence only: to the minute, Paris time."""
    found = re.search(r"Vous pourrez [^.]*?le (\d+)(?:er)? (\w+) (\d{4}) à (\d+) h (\d\d)", text)
    if found is None:
        return None
    day, month, year, hour, minute = found.groups()
    return datetime(int(year), MONTHS.index(month) + 1, int(day), int(hour), int(minute), tzinfo=PARIS)


@dataclass(frozen=True)
class _Finder:
    html: str

    def one(self, pattern: str) -> str | None:
        hit = re.search(pattern, self.html)
        return unescape(hit[1]) if hit else None
