"""Errors of the command line: words, mend, exit code, in one place."""

import json
import subprocess
import sys

import click
import pytest

from tocsin import cli
from tocsin.lib.errors import BadEnvironment, Refused


@pytest.fixture
def failing(monkeypatch):
    """A subcommand that raises what it is given."""

    def install(error: Exception) -> None:
        @click.command("doctor")
        @click.option("--json", "as_json", is_flag=True)
        def command(as_json: bool) -> None:
            raise error

        monkeypatch.setattr(cli.Commands, "get_command", lambda self, ctx, name: command)

    return install


@pytest.mark.parametrize(("error", "code"), [(Refused("no", "do"), 1), (BadEnvironment("no", "do"), 3)])
def test_an_error_tells_what_is_wrong_and_the_mend(failing, capsys, error, code):
    failing(error)
    assert cli.run(["doctor"]) == code
    assert capsys.readouterr().err == "tocsin: no\n  do\n"


def test_with_json_an_error_is_an_object_on_stdout(failing, capsys):
    failing(Refused("Ça ne va pas", "do"))
    assert cli.run(["doctor", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {"error": "Ça ne va pas", "mend": "do"}


@pytest.mark.parametrize("arguments", [["doctor", "--nonsense"], ["nonsense"], ["--nonsense"]])
def test_wrong_usage_exits_2_and_names_the_help(failing, capsys, arguments):
    if arguments[0] == "doctor":
        failing(Refused("never reached"))
    assert cli.run(arguments) == 2
    assert "--help" in capsys.readouterr().err


def test_the_unexpected_is_short_and_says_how_to_see_more(failing, capsys):
    failing(TypeError("boo"))
    assert cli.run(["doctor"]) == 3
    error = capsys.readouterr().err
    assert "TypeError: boo" in error
    assert "TOCSIN_LOG_LEVEL=debug" in error
    assert "Traceback" not in error


def test_debug_shows_the_traceback(failing, capsys, monkeypatch):
    monkeypatch.setenv("TOCSIN_LOG_LEVEL", "debug")
    failing(TypeError("boo"))
    cli.run(["doctor"])
    assert "Traceback" in capsys.readouterr().err


def test_help_lists_the_commands_without_importing_them():
    code = "import sys; from tocsin import cli; cli.run(['--help']); sys.exit('django' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for name in cli.COMMANDS:
        assert f"  {name} " in answer.stdout


def test_a_reader_that_leaves_early_is_no_error():
    code = (
        "import sys; from tocsin import cli\n"
        "cli.group.main = lambda **kw: [print('x' * 70) for _ in range(100_000)]\n"
        "sys.exit(cli.run([]))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(20) == cli.PIPE_CLOSED
        assert process.stderr.read() == b""
