"""Rules that need no server: months, masks, codes, keys, settings, addresses, cookies."""

import base64
import re
from datetime import UTC, datetime, timedelta

import pytest

from server.clock import PARIS, add_months
from server.keys import Keys
from server.nir import masked
from server.randomness import SystemRandomness
from server.records.accounts import Account
from server.request_context import limiter_address
from server.settings import Settings, SettingsError
from server.web.requests import build_caller, read_cookies, written_cookies
from server.wording.masking import masked_email
from tests.server.mail.desk import NOON, MovableClock

KEY = base64.b64encode(b"k" * 32).decode()
ENVIRONMENT = {
    "DATABASE_URL": "postgresql://db/portillon",
    "REDIS_URL": "redis://store/0",
    "PORTILLON_NUMBER_KEY": KEY,
    "PORTILLON_MASTER_KEYS": f"one:{KEY}",
}


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-08-31T10:00", 6, "2027-02-28T10:00"),
        ("2027-08-31T10:00", 6, "2028-02-29T10:00"),  # a leap year
        ("2028-02-29T10:00", 6, "2028-08-29T10:00"),
        ("2028-02-29T10:00", 12, "2029-02-28T10:00"),
        ("2026-07-15T10:00", 6, "2027-01-15T10:00"),  # the hour in Paris stays, over the change of hour too
        ("2026-11-30T23:30", 3, "2027-02-28T23:30"),
        ("2026-12-31T00:30", 6, "2027-06-30T00:30"),  # still the 30th in UTC: the day is Paris's
        ("2026-10-25T02:30", 5, "2027-03-25T02:30"),
    ],
)
def test_a_month_is_a_calendar_month_in_paris(start: str, months: int, end: str) -> None:
    assert add_months(paris(start), months) == paris(end)
    assert add_months(paris(start), months).tzinfo is UTC


def test_an_hour_that_the_clocks_leave_out_is_an_instant_all_the_same() -> None:
    # On 28 March 2027 Paris goes from 02:00 to 03:00.
    assert add_months(paris("2026-09-28T02:30"), 6) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("victor@yvelines.fr", "v***@y***.fr"),
        ("v@y.fr", "v***@y***.fr"),
        ("claire.de-la-tour+sante@courriel.assurance.example", "c***@c***.example"),
    ],
)
def test_an_address_shows_its_first_letters_and_its_ending(address: str, shown: str) -> None:
    assert masked_email(address) == shown


def test_a_masked_number_keeps_little() -> None:
    number = "2850578006084"
    assert len(re.sub(r"[^0-9]", "", masked(number))) <= 4
    assert number[1:11] not in re.sub(r"\s", "", masked(number))


def test_codes_are_zero_padded_and_of_the_whole_range() -> None:
    codes = {SystemRandomness().code(6) for _ in range(2000)}
    assert all(re.fullmatch(r"[0-9]{6}", code) for code in codes)
    assert {code[0] for code in codes} == set("0123456789")
    assert len(codes) > 1900


def test_tokens_are_256_bits_and_references_easily_read() -> None:
    drawn = SystemRandomness()
    tokens = {drawn.token() for _ in range(200)}
    assert len(tokens) == 200
    assert {len(base64.urlsafe_b64decode(f"{token}=")) for token in tokens} == {32}
    references = "".join(drawn.reference() for _ in range(500))
    assert re.fullmatch(r"[A-Z0-9]{2000}", references)
    assert not set(references) & set("0O1I5S8B2Z")


def test_a_code_is_good_for_its_account_purpose_and_attempt_only() -> None:
    keys = Keys(b"n" * 32, (("one", b"m" * 32),))
    stored = keys.code_hash("048291", b"account", b"login", b"attempt")
    assert keys.code_matches(stored, "048291", b"account", b"login", b"attempt")
    for other in (
        ("048292", b"account", b"login", b"attempt"),
        ("048291", b"another", b"login", b"attempt"),
        ("048291", b"account", b"password", b"attempt"),
        ("048291", b"account", b"login", b"other"),
        ("048291", b"account", b"loginattempt"),
        ("048291", b"accountlogin", b"", b"attempt"),
    ):
        assert not keys.code_matches(stored, *other)
    assert b"048291" not in stored


def test_an_older_master_key_still_opens_and_the_newest_closes() -> None:
    before = Keys(b"n" * 32, (("old", b"o" * 32),))
    after = Keys(b"n" * 32, (("new", b"w" * 32), ("old", b"o" * 32)))
    without = Keys(b"n" * 32, (("new", b"w" * 32),))
    assert after.unseal(before.seal(b"a mail")) == b"a mail"
    assert after.code_matches(before.code_hash("123456", b"a"), "123456", b"a")
    assert after.peppered("secret", "old") == before.peppered("secret")
    assert after.pepper_id == "new"
    assert without.unseal(after.seal(b"a mail")) == b"a mail"
    assert not without.code_matches(before.code_hash("123456", b"a"), "123456", b"a")
    with pytest.raises(ValueError, match="key"):
        without.unseal(before.seal(b"a mail"))
    with pytest.raises(KeyError):
        without.peppered("secret", "old")


def test_what_is_sealed_cannot_be_altered() -> None:
    keys = Keys(b"n" * 32, (("one", b"m" * 32),))
    sealed = keys.seal(b"a mail")
    assert b"a mail" not in sealed
    with pytest.raises(ValueError, match="key"):
        keys.unseal(sealed[:-1] + bytes([sealed[-1] ^ 1]))


def test_counters_know_a_number_by_a_keyed_hash_that_outlives_the_master_keys() -> None:
    first, second = Keys(b"n" * 32, (("a", b"a" * 32),)), Keys(b"n" * 32, (("b", b"b" * 32),))
    assert first.subject("2850578006084") == second.subject("2850578006084")
    assert first.subject("2850578006084") != first.subject("2850578006085")
    assert first.subject("2850578006084") != Keys(b"x" * 32, (("a", b"a" * 32),)).subject("2850578006084")


def test_one_instant_on_the_account_ends_all_that_began_before() -> None:
    def account(ended_at: datetime | None = None, closed: bool = False) -> Account:
        told = {name: None for name in Account.__dataclass_fields__}
        return Account(**{**told, "ended_at": ended_at, "closed_on": NOON.date() if closed else None})  # type: ignore[arg-type]

    assert account().outlived(NOON)
    assert account(NOON).outlived(NOON + timedelta(microseconds=1))
    assert not account(NOON).outlived(NOON)
    assert not account(closed=True).outlived(NOON)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", None),
        ("REDIS_URL", None),
        ("PORTILLON_NUMBER_KEY", None),
        ("PORTILLON_NUMBER_KEY", "not base64!"),
        ("PORTILLON_NUMBER_KEY", base64.b64encode(b"short").decode()),
        ("PORTILLON_MASTER_KEYS", None),
        ("PORTILLON_MASTER_KEYS", " "),
        ("PORTILLON_MASTER_KEYS", KEY),
        ("PORTILLON_MASTER_KEYS", f"one:{KEY},two:"),
        ("PORTILLON_WORKERS", "two"),
        ("PORTILLON_WORKERS", "-1"),
        ("PORTILLON_WORKERS", "²"),
        ("PORTILLON_DELIVER_MAIL", "maybe"),
        ("PORTILLON_KIOSK", "1"),
        ("PORTILLON_SMTP_SECURITY", "ssl"),
        ("PORTILLON_SMTP_PORT", ""),
        ("PORTILLON_HASH_BACKEND", "bcrypt"),
        ("PORTILLON_SESSION_IDLE_MINUTES", "15.5"),
    ],
)
def test_a_wrong_setting_is_named_and_no_key_is_shown(name: str, value: str | None) -> None:
    environment = {key: text for key, text in {**ENVIRONMENT, name: value}.items() if text is not None}
    with pytest.raises(SettingsError, match=name) as raised:
        Settings.from_environment(environment)
    assert KEY not in str(raised.value)


def test_settings_hide_their_secrets_and_know_their_hosts() -> None:
    more = {"PORTILLON_PUBLIC_URL": "https://Compte.Assurance.example/", "PORTILLON_OTHER_HOSTS": "a.example, B.example"}
    settings = Settings.from_environment({**ENVIRONMENT, **more, "PORTILLON_SMTP_PASSWORD": "hush-hush"})
    assert settings.hosts == {"compte.assurance.example", "a.example", "b.example"}
    assert settings.secure
    assert "hush-hush" not in repr(settings)
    assert "kkkk" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "known_as"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("", "unknown"),
        ("203.0.113.9, 10.0.0.1", "unknown"),
    ],
)
def test_the_limits_know_an_ipv4_address_or_an_ipv6_64(text: str, known_as: str) -> None:
    assert limiter_address(text) == known_as


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "known_as"),
    [
        ("", "198.51.100.1", "203.0.113.9", "198.51.100.1"),
        ("", "127.0.0.1", "203.0.113.9", "127.0.0.1"),
        ("10.0.0.1", "10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "10.0.0.1", "192.0.2.66, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1 10.0.0.2", "10.0.0.1", "192.0.2.66, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1", "203.0.113.9", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.1", "", "unknown"),
        ("10.0.0.1", "10.0.0.1", "<script>", "unknown"),
    ],
)
def test_only_our_proxies_speak_for_another_address(proxies: str, peer: str, forwarded: str, known_as: str) -> None:
    settings = Settings.from_environment({**ENVIRONMENT, "PORTILLON_PROXIES": proxies})
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    assert build_caller(settings, MovableClock(), headers, peer).address == known_as


def test_cookies_of_ours_are_read_and_those_of_others_left_alone() -> None:
    cookies = read_cookies("theirs=1; portillon-session=abc_-; portillon-device=a.b; demo-space=x", secure=False)
    assert cookies.came == {"session": "abc_-", "device": "a.b"}
    assert list(written_cookies(cookies, secure=False, now=NOON)) == []


@pytest.mark.parametrize("value", ["", "é", "a b", '"quoted"', "x" * 5000, "a,b", "%00", "<script>", "=", "a=b"])
def test_a_garbled_or_oversized_cookie_is_cleared_and_only_it(value: str) -> None:
    cookies = read_cookies(f"portillon-session={value}; portillon-device=good", secure=False)
    assert cookies.came == {"device": "good"}
    [cleared] = written_cookies(cookies, secure=False, now=NOON)
    assert cleared.startswith('portillon-session=""; ')
    assert "Max-Age=0" in cleared


def test_cookies_are_host_bound_http_only_and_lax() -> None:
    cookies = read_cookies("portillon-session=unprefixed", secure=True)
    assert cookies.came == {}
    cookies.set("session", "token")
    cookies.set("device", "token", NOON + timedelta(days=1))
    session, device = written_cookies(cookies, secure=True, now=NOON)
    for written in (session, device):
        assert written.startswith("__Host-portillon-")
        assert {"Path=/", "HttpOnly", "SameSite=Lax", "Secure"} <= set(written.split("; "))
        assert "Domain" not in written
    assert "Max-Age=86400" in device
    assert "Max-Age" not in session
