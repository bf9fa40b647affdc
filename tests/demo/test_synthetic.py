"""Synthetic people: what is checked in a real person's data holds, and nobody real can be among them."""

import csv
import re
from datetime import date
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban

from demo import synthetic
from server import nir
from server.records.registry import Person

ranks = st.integers(0, synthetic.PEOPLE - 1)
seeds = st.integers(0, 1000)


@given(ranks, seeds)
def test_birth_and_sex_agree_with_the_number(rank: int, seed: int) -> None:
    person = synthetic.person(rank, seed)
    assert person.nir[0] == {"M": "1", "F": "2"}[person.sex]
    assert person.nir[1:5] == f"{person.birth_date:%y%m}"
    assert nir.canonical(person.nir + nir.key(person.nir)) == person.nir
    assert date(1931, 1, 1) <= person.birth_date < date(2008, 1, 1)


@given(ranks, seeds)
def test_bank_account_has_both_its_keys(rank: int, seed: int) -> None:
    account = synthetic.person(rank, seed).iban
    assert iban.validate(account) == account
    bank, branch, number, rib_key = (int(part) for part in re.fullmatch(r"FR\d\d(.{5})(.{5})(.{11})(..)", account).groups())
    assert (89 * bank + 15 * branch + 3 * number + rib_key) % 97 == 0


@given(ranks, seeds)
def test_nobody_real(rank: int, seed: int) -> None:
    person = synthetic.person(rank, seed)
    assert 991 <= int(person.nir[7:10]) <= 999
    assert person.iban[4:9] == "00000"
    assert re.fullmatch(r"\+3363998\d{4}", person.mobile or "")


@given(ranks, seeds)
def test_nothing_is_missing(rank: int, seed: int) -> None:
    person = synthetic.person(rank, seed)
    assert all(person._replace(overlap_since=True))  # type: ignore[arg-type]
    assert person.overlap_since is None
    assert person.attachment == "attached"
    assert re.fullmatch(r"\d{10}", person.card_serial)
    assert len(person.first_names.split()) >= 2


def test_numbers_are_distinct() -> None:
    assert len({person.nir for person in synthetic.people(20_000, seed=5)}) == 20_000


def test_the_step_meets_every_combination() -> None:
    """Stepping through a count by a prime that does not divide it is a full round."""
    assert synthetic.PEOPLE % synthetic._STRIDE != 0
    assert all(synthetic._STRIDE % divisor for divisor in range(2, 31_623))


def test_people_are_the_same_for_the_same_seed_and_others_for_another() -> None:
    five = list(synthetic.people(5, seed=1))
    assert list(synthetic.people(9, seed=1))[:5] == five
    assert not set(synthetic.people(5, seed=2)) & set(five)


def test_every_department_is_there_with_corsica_and_in_no_order() -> None:
    people = list(synthetic.people(3000, seed=3))
    departments = {person.nir[5:7] for person in people}
    assert len(departments) == 96
    assert {"2A", "2B", "01", "95"} <= departments
    assert "20" not in departments
    assert any(one.nir > other.nir for one, other in pairwise(people))


def test_the_file_has_keys_and_national_mobiles(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    synthetic.write_csv(path, 3, seed=4)
    with path.open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    assert header == list(Person._fields)
    for line, person in zip(lines, synthetic.people(3, seed=4), strict=True):
        assert line[0] == person.nir + nir.key(person.nir)
        assert re.fullmatch(r"063998\d{4}", line[header.index("mobile")])
