"""What a line of the registry file must hold, column by column, and the form in which we keep it."""

import csv
import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, NamedTuple

from stdnum import iban
from stdnum.iso7064 import mod_97_10

from server import nir
from server.records.registry import Person

# How people in France write a mobile, and the country codes of the overseas departments (ARCEP decision
# 2018-0881, national numbering plan; of 0639, which is Mayotte's, 06 39 98 is kept for fiction).
_NATIONAL = re.compile(r"0[67]\d{8}", re.ASCII)
_COUNTRY_CODES = (
    (re.compile(r"069[01]"), "590"),  # Guadeloupe, Saint-Martin, Saint-Barthélemy
    (re.compile(r"069[23]|0639(?!98)"), "262"),  # La Réunion, Mayotte
    (re.compile(r"0694"), "594"),  # Guyane
    (re.compile(r"069[67]"), "596"),  # Martinique
)
_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_WRITTEN_BETWEEN_DIGITS = str.maketrans("", "", " .-")

# Nearly all of them, without spaces: checked in a quarter of the general check's time (measured).
_FRENCH_IBAN = re.compile(r"FR\d{12}[A-Z0-9]{11}\d{2}", re.ASCII)


class Fault(NamedTuple):
    """Why a line was not taken. It repeats no value: reports are passed around, and values are personal."""

    column: str
    reason: str


class LineRefused(ValueError):
    """A line cannot be taken, for each of these faults."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(faults)
        self.faults = faults


def read_line(line: str, today: date) -> Person | None:
    """The person of one line, None for an empty line. Raises LineRefused with a fault for each wrong column.

    A line is a record, since no value may hold a line break: a stray quotation mark spoils its own line only.
    """
    try:
        values = next(csv.reader((line,), strict=True), [])
    except csv.Error as error:
        raise LineRefused(Fault("", f"not a line of CSV: {error}")) from error
    if not values:
        return None
    if len(values) != len(_CHECKS):
        raise LineRefused(Fault("", f"{len(values)} values where {len(_CHECKS)} are expected"))
    return _person(values, today)


def _person(values: Sequence[str], today: date) -> Person:
    kept: list[Any] = []
    faults = []
    for (column, check), value in zip(_CHECKS, values, strict=True):
        try:
            kept.append(check(value.strip(" ")))
        except ValueError as error:
            faults.append(Fault(column, str(error)))
    if faults:
        raise LineRefused(*faults)
    person = Person(*kept)
    begun = (("birth_date", person.birth_date), ("overlap_since", person.overlap_since))
    faults = [Fault(column, "in the future") for column, day in begun if day and day > today]
    if faults:
        raise LineRefused(*faults)
    return person


def _text(most: int, *, needed: bool = True) -> Callable[[str], str | None]:
    def check(value: str) -> str | None:
        if not value:
            if needed:
                raise ValueError("empty")
            return None
        if not value.isprintable():
            odd = next(character for character in value if not character.isprintable())
            raise ValueError(f"character U+{ord(odd):04X} is not allowed")
        text = unicodedata.normalize("NFC", value)
        if len(text) > most:
            raise ValueError(f"longer than {most} characters")
        return text

    return check


def _one_of(*choices: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if value not in choices:
            raise ValueError(f"neither {' nor '.join(choices)}")
        return value

    return check


def _nir(value: str) -> str:
    try:
        return nir.canonical(value)
    except nir.NotANir:
        raise ValueError("not a social-security number of 13 characters, or 15 with the right key") from None


def _date(value: str) -> date:
    # fromisoformat alone takes weeks and dates without hyphens too
    if len(value) == 10 and value[4] == value[7] == "-":  # noqa: PLR2004 - YYYY-MM-DD
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError("not a date of the calendar, as YYYY-MM-DD")


def _date_if_any(value: str) -> date | None:
    return _date(value) if value else None


def _card_serial(value: str) -> str:
    if len(value) != 10 or not (value.isascii() and value.isdigit()):  # noqa: PLR2004 - product page, *Words*
        raise ValueError("not 10 digits")
    return value


def _iban(value: str) -> str:
    if _FRENCH_IBAN.fullmatch(value) and mod_97_10.is_valid(value[4:] + value[:4]):
        return value
    try:
        compact = iban.validate(value)
    except ValueError:
        compact = ""
    if not compact.isascii() or not compact:  # its check of the digits takes those of other scripts too
        raise ValueError("not an IBAN: wrong length, country or key")
    return compact


def _mobile(value: str) -> str | None:
    if not value:
        return None
    number = value.translate(_WRITTEN_BETWEEN_DIGITS)
    if _NATIONAL.fullmatch(number):
        country = next((code for start, code in _COUNTRY_CODES if start.match(number)), "33")
        number = f"+{country}{number[1:]}"
    elif number.startswith("+33") and not _NATIONAL.fullmatch("0" + number[3:]):
        raise ValueError("not a mobile: in France they begin with 06 or 07")
    if not _E164.fullmatch(number):
        raise ValueError("not a mobile, as +33… or 06…")
    return number


_CHECKS: tuple[tuple[str, Callable[[str], object]], ...] = tuple(
    zip(
        Person._fields,
        (
            _nir,
            _text(100),
            _text(100),
            _date,
            _text(100),
            _one_of("F", "M"),
            _card_serial,
            _iban,
            _mobile,
            _text(10, needed=False),
            _text(10, needed=False),
            _one_of("attached", "pending"),
            _date_if_any,
        ),
        strict=True,
    )
)
