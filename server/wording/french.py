"""How dates, hours, durations and numbers are written in French, for pages and mails alike.

Hours are Paris time (product page, *Words*: lock). What belongs together is joined by U+00A0, so that no line breaks inside.
"""

import re
from datetime import date, datetime, timedelta

from server.clock import PARIS

NO_BREAK_SPACE = "\u00a0"
_MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)


def _in_paris(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return moment.astimezone(PARIS)


def paris_date(day: date) -> str:
    """Write a day, such as « 1er décembre 2026 »; of an aware datetime, the day it is in Paris.

    Raises:
        ValueError: a datetime without a time zone.
    """
    if isinstance(day, datetime):
        day = _in_paris(day).date()
    number = "1er" if day.day == 1 else str(day.day)
    return f"{number}{NO_BREAK_SPACE}{_MONTHS[day.month - 1]}{NO_BREAK_SPACE}{day.year}"


def paris_time(moment: datetime) -> str:
    """Write the hour it is in Paris, such as « 14 h 05 ».

    Raises:
        ValueError: a datetime without a time zone.
    """
    return f"{_in_paris(moment):%-H}{NO_BREAK_SPACE}h{NO_BREAK_SPACE}{_in_paris(moment):%M}"


def paris_datetime(moment: datetime) -> str:
    """Write day and hour in Paris, such as « 21 novembre 2026 à 14 h 05 ».

    Raises:
        ValueError: a datetime without a time zone.
    """
    return f"{paris_date(moment)} à{NO_BREAK_SPACE}{paris_time(moment)}"


def paris_until(moment: datetime) -> str:
    """Write the end of a lock, up to the next whole minute: who comes at that minute is let in.

    Raises:
        ValueError: a datetime without a time zone.
    """
    return paris_datetime(moment + timedelta(seconds=59, microseconds=999_999))


def typeset(text: str) -> str:
    """Join French punctuation to its word: U+00A0 before a colon and inside « », U+202F before ; ! and ?."""
    text = re.sub(" (?=[:»])|(?<=«) ", NO_BREAK_SPACE, text)
    return re.sub(" (?=[;!?])", "\u202f", text)


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Write a number with its noun: « 1 essai », « 3 essais »; in French the plural starts at 2."""
    noun = singular if abs(number) < 2 else plural or f"{singular}s"  # noqa: PLR2004 - grammar, no policy
    return f"{number}{NO_BREAK_SPACE}{noun}"


def duration(length: timedelta) -> str:
    """Write a length of time in whole hours and minutes: « 15 minutes », « 48 heures », « 1 heure 30 minutes »."""
    hours, minutes = divmod(int(length.total_seconds()) // 60, 60)
    parts = [counted(hours, "heure")] if hours else []
    if minutes or not hours:
        parts.append(counted(minutes, "minute"))
    return NO_BREAK_SPACE.join(parts)


def spaced_digits(digits: str) -> str:
    """Write digits in groups of three, from the left: « 123 456 »."""
    return NO_BREAK_SPACE.join(digits[start : start + 3] for start in range(0, len(digits), 3))
