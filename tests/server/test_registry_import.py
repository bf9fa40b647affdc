"""The registry's import: into a real PostgreSQL, from files good and bad."""

import csv
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from demo import synthetic
from server.records import registry
from server.records.database import fetch
from server.records.registry import Person
from server.registry_import import command as registry_import
from server.registry_import.command import HEADER, FileRefused, ImportResult, import_registry

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
PEOPLE = list(synthetic.people(12, seed=2026))


@pytest.fixture(autouse=True)
async def nobody_yet(database: None) -> None:
    """None of the people of these tests is in the registry."""
    await fetch("DELETE FROM insured_person WHERE nir = ANY($1)", [person.nir for person in PEOPLE])


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_import, "_LINES_AT_ONCE", 3)


def written(path: Path, people: Iterable[Person], *more_lines: str) -> Path:
    """A registry file of these people, and then these lines."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(Person._fields)
        rows.writerows(people)
        file.writelines(line + "\n" for line in more_lines)
    return path


async def imported(path: Path, now: datetime = NOW) -> tuple[ImportResult, list[list[str]]]:
    """What an import says, and the lines of its report."""
    report = path.with_name("report.csv")
    result = await import_registry(path, report=report, now=now, progress=lambda _done, _size: None)
    with report.open(encoding="utf-8", newline="") as file:
        header, *faults = csv.reader(file)
    assert header == ["line", "column", "reason"]
    return result, faults


async def stored() -> list[tuple[object, ...]]:
    """Every column of the people of these tests, but the date of their import."""
    rows = await fetch("SELECT * FROM insured_person WHERE nir = ANY($1) ORDER BY nir", [person.nir for person in PEOPLE])
    return [tuple(value for name, value in row.items() if name != "refreshed_at") for row in rows]


async def refreshed_at(person: Person) -> datetime:
    (row,) = await fetch("SELECT refreshed_at FROM insured_person WHERE nir = $1", person.nir)
    at: datetime = row["refreshed_at"]
    return at


class TestImport:
    async def test_everybody_is_found_as_the_file_says(self, tmp_path: Path) -> None:
        path = tmp_path / "registry.csv"
        synthetic.write_csv(path, len(PEOPLE), seed=2026)
        result, faults = await imported(path)
        assert result == ImportResult(added=len(PEOPLE))
        assert faults == []
        assert [await registry.find(person.nir) for person in PEOPLE] == PEOPLE

    async def test_the_same_file_again_changes_only_its_date(self, tmp_path: Path) -> None:
        path = written(tmp_path / "registry.csv", PEOPLE)
        await imported(path)
        before = await stored()
        result, _ = await imported(path, LATER)
        assert result == ImportResult(unchanged=len(PEOPLE))
        assert await stored() == before
        assert {await refreshed_at(person) for person in PEOPLE} == {LATER}

    async def test_a_changed_person_is_updated_and_a_missing_one_stays(self, tmp_path: Path) -> None:
        await imported(written(tmp_path / "registry.csv", PEOPLE[:3]))
        moved = PEOPLE[0]._replace(iban=PEOPLE[5].iban, mobile="", fund="")
        result, _ = await imported(written(tmp_path / "registry.csv", [moved, PEOPLE[1], PEOPLE[3]]), LATER)
        assert result == ImportResult(added=1, changed=1, unchanged=1)
        assert await registry.find(moved.nir) == moved._replace(mobile=None, fund=None)
        assert await registry.find(PEOPLE[2].nir) == PEOPLE[2]
        assert await refreshed_at(PEOPLE[2]) == NOW

    async def test_an_overlap_comes_changes_and_goes_with_the_file(self, tmp_path: Path) -> None:
        one, other = PEOPLE[0], PEOPLE[1]
        for since, told in [
            (date(2026, 7, 1), ImportResult(added=2)),
            (date(2026, 9, 1), ImportResult(changed=1, unchanged=1)),
            (date(2026, 9, 1), ImportResult(unchanged=2)),
            (None, ImportResult(changed=1, unchanged=1)),
        ]:
            overlapping = one._replace(overlap_since=since)
            result, faults = await imported(written(tmp_path / "registry.csv", [overlapping, other]), datetime.now(UTC))
            assert (result, faults) == (told, [])
            assert [await registry.find(person.nir) for person in (one, other)] == [overlapping, other]

    async def test_bad_lines_are_reported_and_good_ones_kept(self, tmp_path: Path) -> None:
        first, second, third, fourth = PEOPLE[:4]
        path = written(tmp_path / "registry.csv", [first, second._replace(sex="X", iban="FR76"), third])
        with path.open("a", encoding="utf-8") as file:
            file.write(
                '\n"open quotation\n'
                + "x" * 9000
                + "\nabc,def\n"
                + ",".join("" if value is None else str(value) for value in fourth)
            )
        result, faults = await imported(path)
        assert result == ImportResult(added=3, refused=4)
        assert [(line, column) for line, column, _ in faults] == [
            ("3", "sex"),
            ("3", "iban"),
            ("6", ""),
            ("7", ""),
            ("8", ""),
        ]
        assert await registry.find(second.nir) is None
        assert [await registry.find(person.nir) for person in (first, third, fourth)] == [
            first,
            third,
            fourth,
        ]

    async def test_a_file_of_nothing_but_bad_lines(self, tmp_path: Path) -> None:
        result, faults = await imported(written(tmp_path / "registry.csv", [], "a", "b"))
        assert result == ImportResult(refused=2)
        assert len(faults) == 2

    @pytest.mark.usefixtures("small_batches")
    async def test_of_a_repeated_number_the_last_line_counts(self, tmp_path: Path) -> None:
        one, other = PEOPLE[:2]
        lines = [
            one,
            one._replace(fund="2"),
            other,
            PEOPLE[2],
            one._replace(fund="3"),
            one._replace(fund="4"),
        ]
        result, faults = await imported(written(tmp_path / "registry.csv", lines))
        assert result == ImportResult(added=3, repeated=3)
        assert {(line, column) for line, column, _ in faults} == {("3", "nir"), ("6", "nir"), ("7", "nir")}
        assert await registry.find(one.nir) == one._replace(fund="4")

    async def test_byte_order_mark_and_windows_line_ends(self, tmp_path: Path) -> None:
        path = written(tmp_path / "registry.csv", PEOPLE)
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
        result, _ = await imported(path)
        assert result == ImportResult(added=len(PEOPLE))

    @pytest.mark.usefixtures("small_batches")
    async def test_progress_ends_at_the_file_s_size(self, tmp_path: Path) -> None:
        path = written(tmp_path / "registry.csv", PEOPLE)
        told: list[tuple[int, int]] = []
        await import_registry(path, report=None, now=NOW, progress=lambda *bytes_: told.append(bytes_))
        size = path.stat().st_size
        assert len(told) == len(PEOPLE) / 3
        assert [done for done, _ in told] == sorted({done for done, _ in told})
        assert told[-1] == (size, size)
        assert {whole for _, whole in told} == {size}

    async def test_one_import_at_a_time(self, tmp_path: Path) -> None:
        path = written(tmp_path / "registry.csv", PEOPLE)
        async with registry.importing():
            with pytest.raises(registry.ImportRunning):
                await imported(path)
        await imported(path)

    async def test_put_adds_and_then_updates(self) -> None:
        person = PEOPLE[0]
        await registry.put(person, NOW)
        await registry.put(person._replace(fund=None), LATER)
        assert await registry.find(person.nir) == person._replace(fund=None)
        assert await refreshed_at(person) == LATER


class TestFilesThatAreRefused:
    """Nothing is changed by a file that cannot be imported at all."""

    @pytest.mark.parametrize(
        "header",
        [
            ",".join(reversed(Person._fields)),
            HEADER.replace(",", ";"),
            HEADER + ",email",
            HEADER.removesuffix(",overlap_since"),  # how it was once: its exporter must know of the overlaps
            HEADER.upper(),
            "",
        ],
    )
    async def test_another_header(self, tmp_path: Path, header: str) -> None:
        path = written(tmp_path / "registry.csv", PEOPLE)
        path.write_text(path.read_text(encoding="utf-8").replace(HEADER, header, 1), encoding="utf-8")
        with pytest.raises(FileRefused, match=f"does not begin with the header {HEADER}"):
            await imported(path)
        assert await stored() == []

    async def test_an_encoding_that_shows_only_at_the_end(self, tmp_path: Path) -> None:
        path = written(tmp_path / "registry.csv", PEOPLE)
        path.write_bytes(path.read_bytes() + b"Zo\xe9")
        with pytest.raises(FileRefused, match="is not UTF-8: see line 14"):
            await imported(path)
        assert await stored() == []

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
    async def test_wide_characters(self, tmp_path: Path, encoding: str) -> None:
        path = written(tmp_path / "registry.csv", PEOPLE)
        path.write_text(path.read_text(encoding="utf-8"), encoding)
        with pytest.raises(FileRefused, match="header"):
            await imported(path)

    async def test_no_file_no_bytes_or_no_lines(self, tmp_path: Path) -> None:
        for path in (tmp_path / "missing.csv", tmp_path):
            with pytest.raises(FileRefused, match="is no file"):
                await imported(path)
        empty = tmp_path / "empty.csv"
        empty.touch()
        with pytest.raises(FileRefused, match="header"):
            await imported(empty)
        empty.write_text(HEADER)
        assert await imported(empty) == (ImportResult(), [])

    async def test_the_report_is_never_the_file_nor_out_of_reach(self, tmp_path: Path) -> None:
        path = written(tmp_path / "registry.csv", PEOPLE)
        before = path.read_bytes()
        for report in (path, tmp_path / "missing" / "report.csv"):
            with pytest.raises(FileRefused, match="report"):
                await import_registry(path, report=report, now=NOW, progress=lambda _done, _size: None)
        assert path.read_bytes() == before
        assert await stored() == []
