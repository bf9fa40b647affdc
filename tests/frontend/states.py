"""Every page in every state it has, as (template, path, context): what the tests of pages render and look at."""

from datetime import UTC, date, datetime

from frontend.answers import RefusalView, refusal_view
from frontend.help import pages as help_pages
from frontend.information import pages as information_pages
from frontend.rendering import Pages, Site
from server.policy import LOGIN_CODE_LIFE
from server.refusals import Refused, Why
from server.settings import SiteSettings

State = tuple[str, str, dict[str, object]]

NOW = datetime(2026, 11, 21, 13, 5, tzinfo=UTC)  # 14 h 05 in Paris
UNTIL = NOW + LOGIN_CODE_LIFE
SETTINGS = SiteSettings(insurer_name="Caisse des Deux Rives")


def site(*, kiosk: bool = False, federation: bool = False, demo: bool = False) -> Site:
    """A site as the settings make it."""
    return Site(
        insurer_name=SETTINGS.insurer_name,
        service_name=SETTINGS.service_name,
        helpline=SETTINGS.helpline,
        fund_mail=SETTINGS.fund_mail,
        kiosk=kiosk,
        federation=federation,
        demo=demo,
    )


def refusal(why: Why, **members: object) -> RefusalView:
    """A refusal with its real words."""
    return refusal_view(Refused(why, **members), SETTINGS)


def _number(**context: object) -> State:
    return "login/number.html", "/connexion", {"nir": "", "refusal": None, "field_errors": {}} | context


def _code(step: str, **context: object) -> State:
    usual: dict[str, object] = {
        "step": step,
        "address": "v***@y***.fr",
        "reference": "7F3K",
        "expires_at": UNTIL,
        "requests_left": 4,
        "until": None,
        "code": "",
        "resent": False,
        "offer_trust": True,
        "trust_checked": False,
        "refusal": None,
    }
    return "login/code.html", "/connexion/code", usual | context


def _refused(why: Why, **members: object) -> State:
    return "login/refused.html", "/connexion", {"refusal": refusal(why, **members)}


def _home(name: str, last_login_at: datetime | None, *authenticated_by: str) -> State:
    context: dict[str, object] = {
        "name": name,
        "last_login_at": last_login_at,
        "authenticated_by": authenticated_by,
        "expires_at": UNTIL,
        "notices": (),
    }
    return "home/home.html", "/accueil", context


def _error(why: Why, reference: str | None = None, **members: object) -> State:
    said = refusal(why, **members)
    context: dict[str, object] = {"title": said.title, "detail": said.detail, "status": said.status}
    return "errors/error.html", "/ailleurs", context | {"reference": reference}


_LOGIN_LOCK = refusal(Why.LOCKED, until=UNTIL, scope="login")
_CODES_LOCK = refusal(Why.LOCKED, until=UNTIL, scope="login-code")
_BAD_FIELDS = {"nir": "Ce numéro n’est pas reconnu.", "password": "Remplissez ce champ."}

STATES: dict[str, State] = {
    "number": _number(),
    "number-typed": _number(nir='2 85 05 2A "<b>', field_errors=_BAD_FIELDS),
    "number-wrong": _number(nir="2 85 05 00", refusal=refusal(Why.INVALID_CREDENTIALS, tries_left=2)),
    "number-locked": _number(nir="2 85 05 00", refusal=_LOGIN_LOCK),
    "number-address": _number(refusal=refusal(Why.LOCKED, until=UNTIL, scope="address")),
    "number-unavailable": _number(refusal=refusal(Why.UNAVAILABLE)),
    "code-ask": _code("ask"),
    "code-ask-unavailable": _code("ask", refusal=refusal(Why.UNAVAILABLE)),
    "code-enter": _code("enter"),
    "code-enter-resent": _code("enter", resent=True),
    "code-enter-kiosk": _code("enter", offer_trust=False),
    "code-enter-last": _code("enter", requests_left=0),
    "code-enter-wrong": _code("enter", code="123456", trust_checked=True, refusal=refusal(Why.INVALID_CODE, tries_left=1)),
    "code-enter-locked": _code("enter", refusal=_CODES_LOCK, until=UNTIL, requests_left=0),
    "code-expired": _code("expired"),
    "code-expired-typed": _code("expired", code="123456", refusal=refusal(Why.CODE_EXPIRED)),
    "code-expired-unavailable": _code("expired", refusal=refusal(Why.UNAVAILABLE)),
    "code-locked": _code("locked", refusal=_CODES_LOCK, until=UNTIL),
    "code-locked-reloaded": _code("locked", until=UNTIL),
    "refused-address-missing": _refused(Why.ADDRESS_MISSING),
    "refused-account-closed": _refused(Why.ACCOUNT_CLOSED, closed_on=date(2026, 3, 1)),
    "refused-file-update-needed": _refused(Why.FILE_UPDATE_NEEDED),
    "refused-attachment-pending": _refused(Why.ATTACHMENT_PENDING),
    "refused-locked": _refused(Why.LOCKED, until=UNTIL, scope="login-code"),
    "refused-recovery": _refused(Why.STEP_MISSING, next="recovery"),
    "cookies-refused": ("login/cookies_refused.html", "/connexion", {}),
    "home": _home("Camille Ferrand", NOW, "password", "code"),
    "home-first": _home("Marie-Antoinette Delarochefoucauld", None, "password", "trusted-device"),
    "error-400": _error(Why.INVALID_REQUEST, errors=()),
    "error-404": _error(Why.NOT_FOUND),
    "error-500": _error(Why.INTERNAL, reference="K7QD-2M9P"),
    "error-503": _error(Why.UNAVAILABLE),
} | {
    page.template.removesuffix(".html"): (
        page.template,
        page.path,
        {"title": page.title, "lists": information_pages.LISTS},
    )
    for page in (*help_pages.PAGES, *information_pages.PAGES)
}


def render(name: str, pages: Pages | None = None) -> str:
    """The page of a state, of a plain site unless `pages` says otherwise."""
    template, path, context = STATES[name]
    pages = pages or Pages(site())
    return pages.render(template, path=path, signed_in=name.startswith("home"), **context)
