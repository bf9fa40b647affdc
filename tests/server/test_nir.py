"""One number, one spelling: whatever people type is one account, or is refused."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.nir import NotANir, canonical, key, masked

SPACES = "\t\n\r \u00a0\u1680\u2000\u2003\u2007\u2009\u200a\u200b\u2028\u202f\u205f\u2060\u3000\ufeff"
HYPHENS_AND_DOTS = ".-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d\uff0e"
SEPARATORS = SPACES + HYPHENS_AND_DOTS
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


def some_digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


numbers = st.builds(
    "".join,
    st.tuples(
        st.sampled_from("123478"),
        some_digits(4),
        st.one_of(some_digits(2), st.sampled_from(["2A", "2B"])),
        some_digits(6),
    ),
)


@st.composite
def spellings(draw: st.DrawFn, number: str) -> str:
    """The number as somebody might type it."""
    text = number + draw(st.sampled_from(["", key(number)]))
    typed = [draw(st.text(SEPARATORS, max_size=2))]
    for character in text:
        shape = draw(st.sampled_from([str, str.lower, lambda each: each.translate(FULL_WIDTH)]))
        typed += [shape(character), draw(st.text(SEPARATORS, max_size=2))]
    return "".join(typed)


@given(st.data(), numbers)
def test_every_spelling_is_one_number(data: st.DataObject, number: str) -> None:
    assert canonical(data.draw(spellings(number))) == number


@pytest.mark.parametrize("separator", SEPARATORS)
def test_each_separator_is_dropped_wherever_it_stands(separator: str) -> None:
    assert canonical(separator.join("253072B07300470")) == "253072B073004"


@pytest.mark.parametrize("with_key", ["295109912611193", "253072B07300470", "253072A07300443"])
def test_the_keys_of_published_numbers(with_key: str) -> None:
    assert key(with_key[:13]) == with_key[13:]
    assert canonical(with_key) == with_key[:13]


@given(numbers)
def test_number_and_key_add_up_to_a_multiple_of_97(number: str) -> None:
    arithmetic = int(number.replace("2A", "19").replace("2B", "18"))
    assert 1 <= int(key(number)) <= 97
    assert (arithmetic + int(key(number))) % 97 == 0


@given(numbers, some_digits(2))
def test_only_the_right_key_is_taken(number: str, other: str) -> None:
    if other == key(number):
        assert canonical(number + other) == number
    else:
        with pytest.raises(NotANir):
            canonical(number + other)


def test_any_other_character_is_refused() -> None:
    """In the place of a digit: of a hundred thousand characters, only the digits and their full-width forms."""
    taken = set()
    for code in range(0x20000):
        try:
            canonical(f"19504991261{chr(code)}9")
        except NotANir:
            continue
        taken.add(chr(code))
    assert taken == set("0123456789０１２３４５６７８９")


def test_any_other_character_between_is_refused() -> None:
    """Between digits: spaces, dots and hyphens, and no control character but those of a pasted line."""
    taken = {chr(code) for code in range(0x20000) if _takes_between(chr(code))}
    kinds = {character: unicodedata.category(character) for character in taken}
    assert taken >= set(SEPARATORS)
    assert {character for character, kind in kinds.items() if kind == "Cc"} == set("\t\n\r")
    assert set(kinds.values()) <= {"Cc", "Zs", "Zl", "Zp", "Cf", "Pd", "Po", "Sm"}
    assert {character for character, kind in kinds.items() if kind == "Cf"} == set("\u200b\u2060\ufeff")
    assert {character for character, kind in kinds.items() if kind in {"Po", "Sm"}} == set(".\uff0e\u2212")


def _takes_between(character: str) -> bool:
    try:
        canonical(f"1950499126{character}119")
    except NotANir:
        return False
    return True


@given(st.text())
def test_whatever_is_typed_is_canonical_or_refused(typed: str) -> None:
    try:
        number = canonical(typed)
    except NotANir as refused:
        assert str(refused) == ""  # the number is not repeated in a log
    else:
        assert canonical(number) == number
        assert len(number) == 13


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "1",
        "5950999126111",
        "29510991261119",
        "2951099126111930",
        "295102C126111",
        "1950499126119" + " " * 52,
    ],
)
def test_what_has_not_the_shape_of_a_number_is_refused(typed: str) -> None:
    with pytest.raises(NotANir):
        canonical(typed)


@given(numbers)
def test_masked_shows_three_of_its_characters(number: str) -> None:
    assert [each for each in masked(number) if each not in " •"] == [number[0], *number[11:]]
