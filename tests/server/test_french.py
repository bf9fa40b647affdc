"""How dates, hours and numbers are written in French."""

from datetime import UTC, date, datetime, timedelta

import pytest

from server.wording import french


def plain(text: str) -> str:
    """The same with ordinary spaces, once none that may break a line was found."""
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2026, 11, 21, 13, 5, tzinfo=UTC), "21 novembre 2026 à 14 h 05"),
        (datetime(2026, 7, 1, 22, 30, tzinfo=UTC), "2 juillet 2026 à 0 h 30"),  # summer time, and the next day
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), "1er janvier 2027 à 0 h 00"),
        (datetime(2026, 10, 25, 1, 0, tzinfo=UTC), "25 octobre 2026 à 2 h 00"),  # the hour that comes twice, its second time
    ],
)
def test_a_moment_is_written_as_in_paris(moment: datetime, written: str) -> None:
    assert plain(french.paris_datetime(moment)) == written
    assert plain(french.paris_time(moment)) == written.partition(" à ")[2]
    assert plain(french.paris_date(moment)) == written.partition(" à ")[0]


def test_a_bare_day_stays_that_day() -> None:
    assert plain(french.paris_date(date(2026, 3, 1))) == "1er mars 2026"


def test_a_moment_without_its_zone_is_refused() -> None:
    naive = datetime(2026, 11, 21, 13, 5)  # noqa: DTZ001 - the very mistake under test
    for write in (french.paris_date, french.paris_time, french.paris_datetime, french.paris_until):
        with pytest.raises(ValueError, match="time zone"):
            write(naive)


def test_a_lock_ends_on_the_next_whole_minute() -> None:
    assert plain(french.paris_until(datetime(2026, 11, 21, 13, 5, 1, tzinfo=UTC))).endswith("14 h 06")
    assert plain(french.paris_until(datetime(2026, 11, 21, 13, 5, tzinfo=UTC))).endswith("14 h 05")


def test_no_line_breaks_inside_an_hour_or_a_date() -> None:
    assert french.paris_datetime(datetime(2026, 11, 21, 13, 5, tzinfo=UTC)).split(" ") == [
        "21\u00a0novembre\u00a02026",
        "à\u00a014\u00a0h\u00a005",
    ]


@pytest.mark.parametrize(
    ("length", "written"),
    [
        (timedelta(minutes=15), "15 minutes"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=1), "1 heure"),
        (timedelta(hours=48), "48 heures"),
        (timedelta(hours=1, minutes=30), "1 heure 30 minutes"),
        (timedelta(0), "0 minute"),
    ],
)
def test_a_length_of_time(length: timedelta, written: str) -> None:
    assert plain(french.duration(length)) == written


def test_the_plural_starts_at_two() -> None:
    assert [plain(french.counted(number, "essai")) for number in (0, 1, 2)] == ["0 essai", "1 essai", "2 essais"]
    assert plain(french.counted(3, "mot de passe faux", "mots de passe faux")) == "3 mots de passe faux"


def test_digits_go_by_three() -> None:
    assert [plain(french.spaced_digits(digits)) for digits in ("123456", "1234", "")] == ["123 456", "123 4", ""]


def test_punctuation_holds_on_to_its_word() -> None:
    assert french.typeset("« oui » : non ? si !") == "«\u00a0oui\u00a0»\u00a0: non\u202f? si\u202f!"
