"""Every way to say no has its words: plain French, rightly set, with the facts that the product page asks for."""

import re
from datetime import UTC, date, datetime
from itertools import product
from typing import Any

import pytest

from server.refusals import Refused, Why
from server.settings import SiteSettings
from server.web.problems import problem
from server.wording.refusals import FIELD_WORDS, title, words

SITE = SiteSettings()
UNTIL = datetime(2026, 11, 21, 13, 5, 20, tzinfo=UTC)  # 14:05:20 in Paris
SAMPLES: dict[str, tuple[Any, ...]] = {
    "errors": ((("nir", "not-a-number"),),),
    "tries_left": (2, 1),
    "until": (UNTIL,),
    "scope": ("login", "login-code", "address", "something-new"),
    "closed_on": (date(2026, 8, 23),),
    "credential_id": ("AAAA",),
    "expired_on": (date(2026, 8, 31),),
    "next": ("login", "code", "recovery", "something-new"),
    "reference": ("AC34-FG79",),
}


def every_refusal() -> list[Refused]:
    return [
        Refused(why, **dict(zip(why.value.members, values, strict=True)))
        for why in Why
        for values in product(*(SAMPLES[member] for member in why.value.members))
    ]


def texts() -> list[str]:
    said = [words(refused, SITE) for refused in every_refusal()]
    return [*(text for one in said for text in (one.title, one.detail)), *FIELD_WORDS.values(), *map(title, Why)]


@pytest.mark.parametrize("text", sorted(set(texts())))
def test_words_are_french_and_rightly_set(text: str) -> None:
    assert text[0].isupper() or text[0] == "«"
    assert not re.search("[^\\u202f][;!?]", text), "U+202F before ; ! ?"
    assert not re.search("[^\\u00a0]:", text), "U+00A0 before a colon"
    assert not re.search("«[^\\u00a0]|[^\\u00a0]»", text), "U+00A0 inside « »"
    assert "'" not in text, "the apostrophe is ’"
    assert '"' not in text
    assert "..." not in text
    assert "  " not in text
    assert not re.search(r"\b(None|True|False|Refused|Error)\b|[{}_]", text)
    assert not re.match("[AE](tat|cran|lement|vitez)", text), "capitals have their accents"


def test_every_detail_is_whole_sentences() -> None:
    for refused in every_refusal():
        said = words(refused, SITE)
        assert said.detail.endswith("."), said
        assert not said.title.endswith("."), said


def test_no_word_depends_on_this_insurer() -> None:
    elsewhere = SiteSettings(insurer_name="Caisse de Demain", helpline="09 00 00 00 00", fund_mail="bonjour@demain.example")
    for refused in every_refusal():
        said = words(refused, elsewhere)
        assert SITE.fund_mail not in said.detail
        assert "01\u00a099" not in said.detail


def detail(why: Why, **members: Any) -> str:
    return words(Refused(why, **members), SITE).detail.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize("scope", ["login", "login-code", "address"])
def test_a_lock_says_until_which_day_and_hour_in_paris(scope: str) -> None:
    # A lock that ends within a minute is over when that minute of the clock is full.
    assert "21 novembre 2026 à 14 h 06" in detail(Why.LOCKED, until=UNTIL, scope=scope)


def test_a_wrong_password_and_a_wrong_code_warn_of_the_lock() -> None:
    for why in (Why.INVALID_CREDENTIALS, Why.INVALID_CODE):
        said = detail(why, tries_left=2)
        assert "2 essais" in said
        assert "3 erreurs" in said
        assert "15 minutes" in said


@pytest.mark.parametrize(
    ("why", "members", "facts"),
    [
        (Why.ADDRESS_MISSING, {}, ["mail", "téléphone", "caisse", "01 99 00 36 46", "contact@assurance.example"]),
        (Why.ACCOUNT_CLOSED, {"closed_on": date(2026, 8, 23)}, ["23 août 2026", "créer un compte", "carte", "bancaires"]),
        (Why.CODE_EXPIRED, {}, ["15 minutes", "nouveau code"]),
        (Why.LOCKED, {"until": UNTIL, "scope": "login-code", "because": "login-code-requests"}, ["courriers indésirables"]),
        (Why.LOCKED, {"until": UNTIL, "scope": "login"}, ["mot de passe oublié"]),
        (Why.FILE_UPDATE_NEEDED, {}, ["caisse", "01 99 00 36 46"]),
        (Why.ATTACHMENT_PENDING, {}, ["bientôt"]),
        (Why.STEP_MISSING, {"next": "recovery"}, ["mot de passe"]),
        (Why.INTERNAL, {"reference": "AC34-FG79"}, ["référence"]),
    ],
)
def test_the_facts_that_the_product_page_asks_for(why: Why, members: dict[str, Any], facts: list[str]) -> None:
    said = detail(why, **members)
    assert [fact for fact in facts if fact not in said] == []


def test_a_problem_is_rfc_9457_with_the_members_of_its_reason_and_no_other() -> None:
    for refused in every_refusal():
        told = problem(refused, SITE)
        members = {name for name in told.__struct_fields__ if getattr(told, name) is not None}
        assert members == {"type", "title", "status", "detail", *refused.why.value.members}
        assert told.type == f"/problems/{refused.why.slug}"
        assert told.status == refused.why.status


def test_a_problem_tells_the_end_of_a_lock_in_paris_time_and_never_too_early() -> None:
    end = UNTIL.replace(microsecond=1)
    told = problem(Refused(Why.LOCKED, until=end, scope="login"), SITE).until
    assert told is not None
    assert told.isoformat() == "2026-11-21T14:05:21+01:00"
    assert told >= end


def test_a_refusal_with_a_member_that_its_reason_lacks_is_a_fault() -> None:
    with pytest.raises(TypeError, match="tries_left"):
        Refused(Why.NOT_FOUND, tries_left=1)
