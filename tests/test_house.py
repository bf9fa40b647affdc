"""The rules of the house that no linter knows (CONTRIBUTING.md). Each failure names the place."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# Rule 10: past these, split along a word.
FILE_MOST, FLOW_FILE_MOST, TEMPLATE_MOST, FUNCTION_MOST, HANDLER_MOST = 300, 250, 80, 40, 15


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


PYTHON = [path for path in tracked("server/*.py", "frontend/*.py", "demo/*.py") if "migrations/" not in str(path)]


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def test_there_is_a_house_to_look_at() -> None:
    assert len(PYTHON) > 40


def test_files_are_rooms_one_can_know() -> None:
    long = [
        (path.relative_to(ROOT), lines(path))
        for path in tracked("*.py", "*.css", "*.js")
        if "migrations/" not in str(path) and lines(path) > FILE_MOST
    ]
    flows = [path for path in PYTHON if path.name == "flow.py" and lines(path) > FLOW_FILE_MOST]
    templates = [path for path in tracked("frontend/*.html", "demo/*.html", "server/*.html") if lines(path) > TEMPLATE_MOST]
    assert not long
    assert not flows
    assert not templates


def test_functions_are_short() -> None:
    long = []
    for path in PYTHON:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                body = [s for s in node.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
                length = node.end_lineno - body[0].lineno + 1 if body else 0
                handler = path.name in {"api.py", "pages.py"} and node.decorator_list
                if length > (HANDLER_MOST if handler else FUNCTION_MOST):
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {length}")
    assert not long


@pytest.mark.parametrize(
    "pattern",
    [
        r"\bTO" + r"DO\b|\bFIX" + r"ME\b|\bXX" + r"X\b",
        r"/wo" + r"rk/",
        r"pytest\.(mark\.)?(sk" + r"ip|xf" + r"ail)\b",
    ],
)
def test_nothing_is_left_open_or_points_at_a_machine(pattern: str) -> None:
    texts = tracked("*.py", "*.md", "*.html", "*.css", "*.js", "Makefile", "scripts/*", ".ci/*", "*.toml", "*.txt", "*.json")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in texts
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert not found


def test_lock_files_name_no_address() -> None:
    for name in ("requirements/dev.txt", "requirements/production.txt", "package-lock.json"):
        text = (ROOT / name).read_text("utf-8")
        assert "://" not in text, name
    assert "--hash=sha256:" in (ROOT / "requirements/production.txt").read_text("utf-8")


def test_a_flow_is_reached_through_three_files() -> None:
    """Rule 1: flows never import each other."""
    for path in PYTHON:
        if path.name == "flow.py":
            assert not re.search(r"from server\.\w+\.flow import", path.read_text("utf-8")), path


def test_every_setting_is_documented() -> None:
    told = (ROOT / "docs/settings.md").read_text("utf-8")
    names = re.findall(r'read?\.\w+\("([A-Z0-9_]+)"|self\.\w+\("([A-Z0-9_]+)"', (ROOT / "server/settings.py").read_text("utf-8"))
    missing = [name for pair in names for name in pair if name and name not in told and not told.count(f"…_{name}`")]
    short = [name for name in missing if f"…_{name.split('_', 1)[-1]}" not in told]
    assert len(names) > 20
    assert not short
