"""``portillon import-registry``: brings the registry up to date from the insurer's file.

The file is CSV in UTF-8, values parted by commas, with the header `HEADER`. It is read through once before
anything is written, so that a file in another encoding changes nothing. Then each batch of lines is written
and stands: after an interruption, or with the same file, running it again is harmless. A person who is no
longer in the file stays. Where a number comes twice, the later line counts and the report says so.
"""

import asyncio
import codecs
import csv
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count, islice
from pathlib import Path
from typing import BinaryIO

import asyncpg
import click

from server.clock import PARIS, SystemClock
from server.records import registry
from server.records.database import DATABASE_AWAY, Database
from server.records.registry import Person
from server.registry_import.row import Fault, LineRefused, read_line
from server.settings import Settings, SettingsError

HEADER = ",".join(Person._fields)
# Every column at its longest, in quotes and four bytes a character, is shorter.
_LINE_MOST_BYTES = 4096
_LINES_AT_ONCE = 5000
_REPEATED = Fault("nir", "stands on an earlier line too; this line counts")
# The command's exit status when all was imported but what the report tells (0: all, 1: it stopped, 2: usage).
EXIT_WITH_REPORT = 3
_RUN_AGAIN = "What was read so far is kept: run it again to complete it."

Progress = Callable[[int, int], None]
_Line = tuple[int, bytes | None]
_Report = Callable[[int, Fault], None]


class FileRefused(ValueError):
    """The file cannot be imported at all; the message says why. Nothing was changed."""


@dataclass(slots=True)
class ImportResult:
    """Persons who are new, changed, or as before; lines that were refused, and lines that repeat a number."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    repeated: int = 0


async def import_registry(path: Path, *, report: Path | None, now: datetime, progress: Progress) -> ImportResult:
    """Import the file into the open database; `now` dates what it names, and is another for each import.

    `report` is overwritten, with line number, column and reason for each fault. `progress` is told the bytes
    read and the bytes in all. Raises FileRefused, ImportRunning or one of DATABASE_AWAY; what was written by
    then stays.
    """
    result = ImportResult()
    today = now.astimezone(PARIS).date()
    with _opened(path) as file, _reporting(report, path) as tell:
        size = os.fstat(file.fileno()).st_size
        lines = _lines(file)
        next(lines)  # the header
        async with registry.importing() as importer:
            while batch := list(islice(lines, _LINES_AT_ONCE)):
                people, first_line = _read(batch, today, result, tell)
                merged = await importer.merge(people, now)
                for nir in merged.repeated:
                    tell(first_line[nir], _REPEATED)
                result.added += merged.added
                result.changed += merged.changed
                result.repeated += len(merged.repeated)
                result.unchanged += len(people) - merged.added - merged.changed - len(merged.repeated)
                progress(file.tell(), size)
    return result


def _read(lines: Iterable[_Line], today: date, result: ImportResult, tell: _Report) -> tuple[list[Person], dict[str, int]]:
    """The persons of these lines, each number once, and the line where each number came first."""
    people: dict[str, Person] = {}
    first_line: dict[str, int] = {}
    for number, raw in lines:
        try:
            person = read_line(_text(raw), today)
        except LineRefused as refused:
            result.refused += 1
            for fault in refused.faults:
                tell(number, fault)
            continue
        if person is None:
            continue
        if first_line.setdefault(person.nir, number) != number:
            result.repeated += 1
            tell(number, _REPEATED)
        people[person.nir] = person
    return list(people.values()), first_line


def _lines(file: BinaryIO) -> Iterator[_Line]:
    """Number and bytes of each line; none for a line too long to be one, so that memory stays bounded."""
    for number in count(1):
        raw = file.readline(_LINE_MOST_BYTES)
        if not raw:
            return
        if len(raw) < _LINE_MOST_BYTES or raw.endswith(b"\n"):
            yield number, raw
            continue
        while raw and not raw.endswith(b"\n"):
            raw = file.readline(_LINE_MOST_BYTES)
        yield number, None


def _text(raw: bytes | None) -> str:
    if raw is None:
        raise LineRefused(Fault("", f"longer than {_LINE_MOST_BYTES} bytes"))
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise LineRefused(Fault("", "not UTF-8")) from error


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The file at its start, once it is known to have the header and to be UTF-8. Raises FileRefused."""
    if not path.is_file():
        raise FileRefused(f"{path} is no file")
    try:
        file = path.open("rb")
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror}") from error
    with file:
        header = file.readline(_LINE_MOST_BYTES).removeprefix(codecs.BOM_UTF8).strip()
        if header != HEADER.encode():
            raise FileRefused(f"{path} does not begin with the header {HEADER}")
        for number, raw in _lines(file):
            try:
                (raw or b"").decode()
            except UnicodeDecodeError as error:
                raise FileRefused(f"{path} is not UTF-8: see line {number + 1}") from error
        file.seek(0)
        yield file


@contextmanager
def _reporting(report: Path | None, path: Path) -> Iterator[_Report]:
    """What writes a line of the report. Raises FileRefused where the report cannot be written."""
    if report is None:
        yield lambda _number, _fault: None
        return
    if report.exists() and report.samefile(path):
        raise FileRefused("the report would overwrite the file")
    try:
        file = report.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise FileRefused(f"the report {report} cannot be written: {error.strerror}") from error
    with file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("line", *Fault._fields))
        yield lambda number, fault: rows.writerow((number, *fault))


@click.command("import-registry")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    help="Where to tell which lines were refused, and why; FILE.report.csv unless given.",
)
def import_registry_command(file: Path, report: Path | None) -> None:
    """Bring the registry of insured persons up to date from FILE.

    FILE is CSV in UTF-8 with a header; docs/registry.md tells its columns. Lines that cannot be taken go to
    the report and the others are imported: the exit status is then 3. Nobody is ever removed. Run it again
    after an interruption.
    """
    report = report or file.with_name(f"{file.name}.report.csv")
    try:
        result = asyncio.run(_run(file, report))
    except (FileRefused, SettingsError) as error:
        raise click.ClickException(str(error)) from error
    except registry.ImportRunning as error:
        raise click.ClickException("another import is running on this database") from error
    except KeyboardInterrupt as error:
        raise click.ClickException(f"interrupted. {_RUN_AGAIN}") from error
    except asyncpg.UndefinedTableError as error:
        raise click.ClickException("the database has no tables yet: run portillon migrate first") from error
    except (*DATABASE_AWAY, asyncpg.PostgresError) as error:
        raise click.ClickException(f"{str(error) or type(error).__name__}. {_RUN_AGAIN}") from error
    click.echo(f"{result.added:,} new, {result.changed:,} changed, {result.unchanged:,} as before")
    if result.refused or result.repeated:
        click.echo(f"{result.refused:,} lines refused, {result.repeated:,} repeated: see {report}", err=True)
        raise click.exceptions.Exit(EXIT_WITH_REPORT)


async def _run(file: Path, report: Path) -> ImportResult:
    await Database.open(Settings.from_environment().database_url, most=1)
    try:
        with click.progressbar(length=1, label="Importing") as bar:

            def progress(done: int, size: int) -> None:
                bar.length = size
                bar.update(done - bar.pos)

            return await import_registry(file, report=report, now=SystemClock().now(), progress=progress)
    finally:
        await Database.close()
