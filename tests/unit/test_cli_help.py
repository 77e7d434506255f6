"""What ``--help`` says: every command by purpose, every option with what it is for, examples that parse."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from workbench.cli.main import cli
from workbench.errors import UsageError


def commands() -> Iterator[tuple[str, click.Command]]:
    """All commands by name, those of groups as ``store info``."""
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", each) for inner, each in command.commands.items())
        else:
            yield name, command


COMMANDS = dict(commands())


def test_the_list_names_every_command_once_without_loading_them() -> None:
    script = (
        "import sys; from click.testing import CliRunner; from workbench.cli.main import cli\n"
        "print(CliRunner().invoke(cli, ['--help']).output)\n"
        "print('loaded', [m for m in sys.modules if m.startswith('workbench.cli.') and m[14:] not in "
        "('main', 'groups')])"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    listed = [
        line.split()[0] for line in told.partition("Profile your own code:")[2].splitlines() if line[:2] == "  "
    ]
    assert sorted(listed) == cli.list_commands(click.Context(cli))
    assert told.rstrip().endswith("loaded []")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_is_for(name: str) -> None:
    options = [option for option in COMMANDS[name].params if isinstance(option, click.Option)]
    assert [option.opts for option in options if not option.help] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_are_commands_that_parse(name: str) -> None:
    import shlex

    lines = [line.strip() for line in (COMMANDS[name].help or "").splitlines()]
    for line in lines:
        if line.startswith("workbench "):
            words = shlex.split(line)[1:]
            assert " ".join(words).startswith(name)
            COMMANDS[name].make_context(name, words[len(name.split()) :]).close()


def test_a_missing_program_to_profile_is_a_usage_error() -> None:
    result = CliRunner().invoke(cli, ["profile"])
    assert result.exit_code == 2
    assert "SCRIPT" in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("compare x x --alpha 2", "--alpha must lie between 0 and 1, not 2"),
        ("compare x x --max-regression 10", "--max-regression: '10' is out of range; "),
        ("compare x x --max-seconds 0", "--max-seconds must be above 0, not 0"),
        ("compare x x --timeout nan", "--timeout must be above 0, not nan"),
        ("gate x --baseline HEAD --max-regression much", "--max-regression: 'much' is no percentage; "),
        ("gate x --baseline HEAD --max-seconds -1", "--max-seconds must be above 0, not -1"),
        ("gate x --baseline HEAD --timeout 0", "--timeout must be above 0, not 0"),
        ("scaling x --max-exponent steep", "--max-exponent: 'steep' is no limit; "),
        ("scaling x --max-seconds 0", "--max-seconds must be above 0, not 0"),
        ("scaling x --timeout 0", "--timeout must be above 0, not 0"),
    ],
)
def test_a_bad_option_is_told_by_its_own_name_whatever_the_project_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: str, said: str
) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.workbench.compare]\nmax-regression = '5%'\n")
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(cli, arguments.split()).exception
    assert isinstance(told, UsageError)
    assert str(told).startswith(said)
