"""People who do not exist, as many as wanted, the same ones for the same seed.

Nobody real is hit by accident: the communes of social-security numbers go from 001 to 990, ours from 991 to
999; no bank has the code 00000; the numbering plan keeps mobiles in 06 39 98 for fiction (ARCEP decision
2018-0881).
"""

import csv
import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from functools import cache
from math import prod
from pathlib import Path
from random import Random

from faker import Faker
from faker.providers.person.fr_FR import Provider as Names
from stdnum.iso7064 import mod_97_10

from server import nir
from server.records.registry import Person

_SEXES = ("M", "F")
_YEARS = range(1931, 2008)
_MONTHS = range(1, 13)
_DEPARTMENTS = (*(f"{number:02}" for number in (*range(1, 20), *range(21, 96))), "2A", "2B")
_COMMUNES = range(991, 1000)
_ORDERS = range(1, 1000)
_WHEELS = (_SEXES, _YEARS, _MONTHS, _DEPARTMENTS, _COMMUNES, _ORDERS)
# How many people a seed has. A step by a prime that does not divide their count meets each combination once.
PEOPLE = prod(map(len, _WHEELS))
_STRIDE = 1_000_000_007

_FUNDS = ("011", "131", "341", "441", "594", "691", "751", "831")
_SCHEMES = ("101", "103", "201", "304")


def person(rank: int, seed: int) -> Person:
    """An insured person with nothing missing and nothing overlapping. Ranks 0 to PEOPLE - 1 of one seed have distinct numbers."""
    sex, year, month, department, commune, order = _turns((_start(seed) + rank * _STRIDE) % PEOPLE)
    year, month = _YEARS[year], _MONTHS[month]
    chance = Random(f"{seed}/{rank}")
    first_names = (Names.first_names_male, Names.first_names_female)[sex]
    return Person(
        nir=f"{sex + 1}{year % 100:02}{month:02}{_DEPARTMENTS[department]}{_COMMUNES[commune]}{_ORDERS[order]:03}",
        last_name=chance.choice(Names.last_names),
        first_names=" ".join(chance.sample(first_names, 2)),
        birth_date=date(year, month, chance.randint(1, monthrange(year, month)[1])),
        birth_place=chance.choice(_places()),
        sex=_SEXES[sex],
        card_serial=f"{chance.randrange(10**10):010}",
        iban=_iban(branch=chance.randrange(10**5), account=chance.randrange(10**11)),
        mobile=f"+3363998{chance.randrange(10**4):04}",
        fund=chance.choice(_FUNDS),
        scheme=chance.choice(_SCHEMES),
        attachment="attached",
        overlap_since=None,
    )


def people(count: int, seed: int) -> Iterator[Person]:
    """The first so many of a seed's people."""
    return (person(rank, seed) for rank in range(count))


def write_csv(path: Path, count: int, seed: int) -> None:
    """A registry file as the import takes it: numbers with their key, mobiles in national form."""
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(Person._fields)
        for one in people(count, seed):
            mobile = (one.mobile or "").replace("+33", "0")
            lines.writerow(one._replace(nir=one.nir + nir.key(one.nir), mobile=mobile))


def _turns(place: int) -> Iterator[int]:
    """Where each wheel stands at that combination."""
    for wheel in _WHEELS:
        place, turn = divmod(place, len(wheel))
        yield turn


@cache
def _start(seed: int) -> int:
    return Random(seed).randrange(PEOPLE)


@cache
def _places() -> tuple[str, ...]:
    """Invented communes, drawn once since Faker is slow, without those that it writes like MartinVille."""
    faker = Faker("fr_FR")
    faker.seed_instance(0)
    drawn = (faker.city() for _ in range(2000))
    return tuple(place for place in drawn if not re.search("[a-zà-ÿ][A-Z]", place))


def _iban(branch: int, account: int) -> str:
    """A French account number with both its keys: the RIB's, and the IBAN's (ISO 13616, ISO 7064)."""
    rib_key = 97 - (15 * branch + 3 * account) % 97
    bban = f"00000{branch:05}{account:011}{rib_key:02}"
    return f"FR{mod_97_10.calc_check_digits(bban + 'FR')}{bban}"
