"""A number of the policy stands in policy.py and nowhere else (rule 4 of the house)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PYTHON = [path for room in ("server", "frontend") for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts]
TEXTS = [path for room in ("server", "frontend") for kind in ("*.html", "*.txt") for path in (ROOT / room).rglob(kind)]
# Units of measure and of rounding, no rule: the second's and the minute's last microsecond, the millisecond.
ROUNDING = {"timedelta(microseconds=999999)", "timedelta(seconds=59, microseconds=999999)", "timedelta(milliseconds=1)"}
# What a length of the policy comes to when somebody writes it out: in seconds, or as a French or English phrase.
# How often we tidy up is no promise to anybody.
HOW_OFTEN = "server/jobs/housekeeping.py"
SECONDS = {900, 1800, 3600, 28800, 86400, 172800}
PHRASE = re.compile(r"(?<![\w{.])(\d+)[ \u00a0](minutes?|heures?|hours?|mois|months?|jours?|days?|essais?|erreurs?|tries)\b")


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))


def test_no_length_of_time_is_written_outside_the_policy() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{call.lineno} {ast.unparse(call)}"
        for path in PYTHON
        if path.name != "policy.py"
        for call in calls(path)
        if ast.unparse(call.func).endswith("timedelta")
        and all(isinstance(value, ast.Constant) for value in (*call.args, *(word.value for word in call.keywords)))
        and ast.unparse(call) not in ROUNDING
    ]
    assert not found


def test_no_length_of_time_is_written_out_in_seconds() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.value}"
        for path in PYTHON
        if path.name != "policy.py" and str(path.relative_to(ROOT)) != HOW_OFTEN
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and type(node.value) in {int, float} and node.value in SECONDS
    ]
    assert not found


def test_no_page_mail_or_sentence_repeats_a_number_of_the_policy() -> None:
    found = [f"{path.relative_to(ROOT)}: {hit[0]}" for path in TEXTS for hit in PHRASE.finditer(path.read_text("utf-8"))]
    for path in PYTHON:
        if path.name in {"policy.py", "french.py"}:  # french.py shows how numbers are written
            continue
        tree = ast.parse(path.read_text("utf-8"))
        docs = {
            ast.get_docstring(node, clean=False)
            for node in ast.walk(tree)
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        }
        strings = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
        found += [f"{path.relative_to(ROOT)}: {hit[0]}" for text in strings if text not in docs for hit in PHRASE.finditer(text)]
    assert not found


def test_the_scan_sees_something() -> None:
    assert len(PYTHON) > 40
    assert len(TEXTS) > 30
    assert PHRASE.search("bloquée pendant 15 minutes")
