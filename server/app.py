"""Builds the application once, top to bottom."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
from litestar import Litestar, Request, Response
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.types import ASGIApp, ControllerRouterHandler, Scope

from frontend import site as pages_door
from frontend.rendering import Pages, Site
from server import policy
from server.admission import Admission
from server.biometrics import api as biometrics_api
from server.biometrics.assertions import Assertions, RelyingParty
from server.biometrics.challenges import Challenges
from server.biometrics.flow import BiometricsFlow
from server.biometrics.offer import BiometricOffer
from server.clock import Clock, SystemClock
from server.devices import api as devices_api
from server.devices.flow import DevicesFlow
from server.hashing import Hasher
from server.jobs.worker import run_jobs
from server.journal import Journal
from server.keys import Keys
from server.known_browsers import KnownBrowsers
from server.login import api as login_api
from server.login.codes import LoginCodes
from server.login.flow import LoginFlow
from server.mail.messages import Messages
from server.mail.post import Post
from server.notices import api as notices_api
from server.notices.flow import NoticesFlow
from server.operations import api as operations_api
from server.randomness import Randomness, SystemRandomness
from server.records.address_limits import AddressLimit
from server.records.database import Database
from server.records.redis import Store
from server.records.sessions import Attempts
from server.refusals import Refused, Why
from server.settings import Settings
from server.throttle import Throttle
from server.trusted_devices import TrustedDevices
from server.web.faults import as_refused
from server.web.middleware import Front
from server.web.problems import MEDIA_TYPE, problem
from server.web.requests import provide_caller, retry_after

# What handlers may ask for by name, of the parts.
_INJECTED = ("admission", "login", "biometrics", "offer", "browsers", "notices", "devices", "pages", "clock")
# Paths that programs call; everything else is a page.
_FOR_PROGRAMS = ("/api/", "/health/", "/schema")


@dataclass(frozen=True, slots=True)
class Parts:
    """What handlers may ask for, by name."""

    settings: Settings
    clock: Clock
    randomness: Randomness
    keys: Keys
    hasher: Hasher
    admission: Admission
    login: LoginFlow
    biometrics: BiometricsFlow
    offer: BiometricOffer
    browsers: KnownBrowsers
    notices: NoticesFlow
    devices: DevicesFlow
    pages: Pages


def build_parts(settings: Settings, clock: Clock, randomness: Randomness, *, demo: bool = False) -> Parts:
    """Everything between the settings and the doors; nothing connects yet."""
    keys = Keys(settings.number_key, settings.master_keys)
    hasher = Hasher(settings.hashing, keys, randomness, settings.workers)
    messages = Messages(settings.site, settings.mail.sender, randomness)
    post = Post(clock, keys)
    throttle = Throttle(clock)
    journal = Journal(clock)
    attempts = Attempts(policy.LOGIN_ATTEMPT_LIFE)
    trusted, browsers = TrustedDevices(clock, randomness), KnownBrowsers(clock, randomness, settings.site.kiosk)
    admission = Admission(settings, clock, randomness, throttle, journal, attempts)
    login = LoginFlow(
        clock=clock,
        randomness=randomness,
        keys=keys,
        hasher=hasher,
        throttle=throttle,
        journal=journal,
        admission=admission,
        attempts=attempts,
        trusted=trusted,
        addresses=AddressLimit("wrong-passwords", policy.WRONG_PASSWORDS_PER_ADDRESS),
        browsers=browsers,
        codes=LoginCodes(clock, randomness, keys, throttle, journal, messages, post),
        messages=messages,
        post=post,
        kiosk=settings.site.kiosk,
    )
    biometrics = _build_biometrics(settings, clock, randomness, keys, admission, browsers, messages)
    pages = Pages(Site(**asdict(settings.site), demo=demo))
    notices = NoticesFlow(journal, admission)
    devices = DevicesFlow(clock, journal, admission, trusted, browsers)
    rooms = (login, biometrics, biometrics.offer, browsers, notices, devices)
    return Parts(settings, clock, randomness, keys, hasher, admission, *rooms, pages)


def _build_biometrics(
    settings: Settings,
    clock: Clock,
    randomness: Randomness,
    keys: Keys,
    admission: Admission,
    browsers: KnownBrowsers,
    messages: Messages,
) -> BiometricsFlow:
    journal, post = Journal(clock), Post(clock, keys)
    party = RelyingParty(settings.host, settings.origin, settings.site.insurer_name)
    return BiometricsFlow(
        site=party,
        clock=clock,
        randomness=randomness,
        keys=keys,
        addresses=AddressLimit("ceremonies", policy.CEREMONIES_PER_ADDRESS),
        challenges=Challenges(clock, randomness),
        assertions=Assertions(party, clock, keys, journal, messages, post),
        journal=journal,
        admission=admission,
        browsers=browsers,
        offer=BiometricOffer(clock, browsers, settings.site.kiosk),
        messages=messages,
        post=post,
        kiosk=settings.site.kiosk,
    )


def create_app(
    settings: Settings,
    *,
    clock: Clock | None = None,
    randomness: Randomness | None = None,
    handlers: Callable[[Parts], Sequence[ControllerRouterHandler]] | None = None,
    demo: bool = False,
) -> ASGIApp:
    """The whole service as one ASGI application. `handlers` are more doors (the demo's)."""
    parts = build_parts(settings, clock or SystemClock(), randomness or SystemRandomness(), demo=demo)
    refuse = _Refusals(parts)
    litestar = Litestar(
        route_handlers=[
            login_api.router,
            biometrics_api.router,
            notices_api.router,
            devices_api.router,
            operations_api.router,
            *pages_door.routers(),
            *(handlers(parts) if handlers else ()),
        ],
        dependencies={
            "caller": Provide(provide_caller),
            **{name: _provide(getattr(parts, name)) for name in _INJECTED},
            "settings": _provide(settings),
            "site": _provide(settings.site),
        },
        exception_handlers={Exception: refuse.handle},
        lifespan=[lambda _: _running(parts)],
        logging_config=None,
        openapi_config=OpenAPIConfig(title="Portillon", version="1", path="/schema", render_plugins=[JsonRenderPlugin()]),
        request_max_body_size=policy.BODY_MOST_BYTES,
    )
    return Front(litestar, settings, parts.clock, refuse.early)


class _Refusals:
    """Answers a refusal by the door that was knocked at: a page, or problem details."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def handle(self, request: Request[Any, Any, Any], fault: Exception) -> Response[Any]:
        refused = as_refused(fault, self._parts.randomness)
        answer = self._answer(request, refused)
        answer.headers.update(retry_after(refused))
        if refused.why is Why.METHOD_NOT_ALLOWED:
            answer.headers.update(getattr(fault, "headers", None) or {})
        return answer

    def early(self, scope: Scope, refused: Refused) -> ASGIApp:
        return self.handle(Request(scope), refused).to_asgi_response(None, Request(scope))

    def _answer(self, request: Request[Any, Any, Any], refused: Refused) -> Response[Any]:
        site = self._parts.settings.site
        if request.scope["path"].startswith(_FOR_PROGRAMS):
            said = problem(refused, site)
            return Response(msgspec.json.encode(said), status_code=said.status, media_type=MEDIA_TYPE)
        return pages_door.refuse(request, refused, self._parts.pages, site)


@asynccontextmanager
async def _running(parts: Parts) -> AsyncIterator[None]:
    settings = parts.settings
    async with AsyncExitStack() as undo:
        undo.callback(parts.hasher.close)
        await Database.open(settings.database_url)
        undo.push_async_callback(Database.close)
        Store.open(settings.redis_url)
        undo.push_async_callback(Store.close)
        if settings.deliver_mail:
            stop = asyncio.Event()
            jobs = asyncio.create_task(run_jobs(settings, parts.clock, parts.keys, stop))
            undo.push_async_callback(lambda: jobs)
            undo.callback(stop.set)
        yield


def _provide(value: object) -> Provide:
    return Provide(lambda: value, sync_to_thread=False)
