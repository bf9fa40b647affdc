"""What the columns of the registry file take, and in which form it is kept."""

from collections.abc import Iterable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo import synthetic
from server.records.registry import Person
from server.registry_import.row import LineRefused, read_line

TODAY = date(2026, 11, 21)
SOMEBODY = synthetic.person(0, seed=11)


def line(**values: str) -> str:
    """The line of an ordinary person, but for these values."""
    return written({**SOMEBODY._asdict(), **values}.values()) + "\n"


def written(values: Iterable[object]) -> str:
    return ",".join("" if value is None else str(value) for value in values)


def read(**values: str) -> Person:
    person = read_line(line(**values), TODAY)
    assert person is not None
    return person


@given(st.integers(0, synthetic.PEOPLE - 1), st.integers(0, 100))
def test_a_synthetic_person_comes_out_as_they_went_in(rank: int, seed: int) -> None:
    person = synthetic.person(rank, seed)
    assert read_line(written(person) + "\r\n", TODAY) == person


@pytest.mark.parametrize(
    ("column", "written", "kept"),
    [
        ("nir", "2 53 07 2b 073 004 70", "253072B073004"),
        ("last_name", "  D'Aubigné ", "D'Aubigné"),
        ("first_names", "E\u0301lodie", "Élodie"),
        ("birth_place", '"Saint-Cyr, ""le Haut"""', 'Saint-Cyr, "le Haut"'),
        ("birth_date", "2024-02-29", date(2024, 2, 29)),
        ("birth_date", "2026-11-21", TODAY),
        ("iban", "be71 0961 2345 6769", "BE71096123456769"),
        ("mobile", "", None),
        ("mobile", "06 39 98 00 01", "+33639980001"),
        ("mobile", "07.39.98.00.01", "+33739980001"),
        ("mobile", "+33639980001", "+33639980001"),
        ("mobile", "+32470000000", "+32470000000"),
        ("mobile", "0690000000", "+590690000000"),
        ("mobile", "0692000000", "+262692000000"),
        ("mobile", "0639000000", "+262639000000"),
        ("mobile", "0694000000", "+594694000000"),
        ("mobile", "0696000000", "+596696000000"),
        ("fund", "", None),
        ("scheme", "", None),
        ("attachment", "pending", "pending"),
        ("overlap_since", "", None),
        ("overlap_since", " 2026-07-01 ", date(2026, 7, 1)),
        ("overlap_since", "2026-11-21", TODAY),
    ],
)
def test_forms_that_are_taken(column: str, written: str, kept: object) -> None:
    assert getattr(read(**{column: written}), column) == kept


@pytest.mark.parametrize(
    ("column", "written", "reason"),
    [
        ("nir", "", "social-security number"),
        ("nir", "253072B07300471", "right key"),
        ("last_name", "", "empty"),
        ("last_name", " ", "empty"),
        ("last_name", "Mar\x07tin", "U+0007"),
        ("last_name", "Mar\u202etin", "U+202E"),
        ("first_names", "x" * 101, "longer than 100"),
        ("birth_place", "Saint\x00Malo", "U+0000"),
        ("birth_date", "2023-02-29", "calendar"),
        ("birth_date", "21/11/1980", "YYYY-MM-DD"),
        ("birth_date", "19801121", "YYYY-MM-DD"),
        ("birth_date", "1980-W47-5", "YYYY-MM-DD"),
        ("birth_date", "2026-11-22", "future"),
        ("sex", "f", "neither F nor M"),
        ("card_serial", "123456789", "10 digits"),
        ("card_serial", "１２３４５６７８９０", "10 digits"),
        ("iban", "", "IBAN"),
        ("iban", "FR7600000141251337382365279", "key"),
        ("iban", "FR760000014125133738236527", "length"),
        ("iban", "BE72096123456769", "key"),
        ("iban", "XX82WEST12345698765432", "country"),
        ("iban", "BE\u0667\u0661096123456769", "IBAN"),
        ("mobile", "0199000001", "mobile"),
        ("mobile", "+33199000001", "begin with 06 or 07"),
        ("mobile", "063998000", "mobile"),
        ("mobile", "+0639980001", "mobile"),
        ("mobile", "+1234567890123456", "mobile"),
        ("mobile", "none", "mobile"),
        ("fund", "x" * 11, "longer than 10"),
        ("scheme", "x" * 11, "longer than 10"),
        ("attachment", "", "neither attached nor pending"),
        ("overlap_since", "2026-11-31", "calendar"),
        ("overlap_since", "01/07/2026", "YYYY-MM-DD"),
        ("overlap_since", "20260701", "YYYY-MM-DD"),
        ("overlap_since", "none", "YYYY-MM-DD"),
        ("overlap_since", "2026-11-22", "future"),
    ],
)
def test_values_that_are_refused(column: str, written: str, reason: str) -> None:
    with pytest.raises(LineRefused) as refused:
        read(**{column: written})
    (fault,) = refused.value.faults
    assert fault.column == column
    assert reason in fault.reason
    assert len(written.strip()) < 2 or written not in fault.reason


def test_each_wrong_column_is_named() -> None:
    with pytest.raises(LineRefused) as refused:
        read(sex="X", mobile="X", attachment="X")
    assert [fault.column for fault in refused.value.faults] == ["sex", "mobile", "attachment"]
    with pytest.raises(LineRefused) as refused:
        read(birth_date="2026-11-22", overlap_since="2026-11-22")
    assert [fault.column for fault in refused.value.faults] == ["birth_date", "overlap_since"]


@pytest.mark.parametrize(
    "broken",
    [
        line(last_name='"Martin'),
        line(last_name='"Mar"tin'),
        line(last_name="Mar,tin"),
        line().rpartition(",")[0] + "\n",
        "Martin\n",
        line(sex="M\rM"),
    ],
    ids=["open quotation", "text after quotation", "a value too many", "a value missing", "values missing", "line break inside"],
)
def test_what_is_no_line_of_thirteen_values_is_refused(broken: str) -> None:
    with pytest.raises(LineRefused):
        read_line(broken, TODAY)


@pytest.mark.parametrize("empty", ["", "\n", "\r\n"])
def test_an_empty_line_is_nobody(empty: str) -> None:
    assert read_line(empty, TODAY) is None


@given(st.text())
def test_any_line_is_read_or_refused(text: str) -> None:
    try:
        read_line(text, TODAY)
    except LineRefused as refused:
        assert refused.faults


@given(st.sampled_from(Person._fields), st.text(st.characters(exclude_characters='\r\n",')))
def test_any_value_is_kept_within_its_column_or_refused(column: str, written: str) -> None:
    try:
        person = read(**{column: written})
    except LineRefused as refused:
        assert [fault.column for fault in refused.faults] == [column]
    else:
        assert len(str(getattr(person, column))) <= 100
