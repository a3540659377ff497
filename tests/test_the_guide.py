"""Every setting and every command is in the guide, and every command there is."""

from pathlib import Path

import click
import pytest

from tocsin import cli
from tocsin.lib import config

GUIDE = "\n".join(path.read_text(encoding="utf-8") for path in Path(__file__).parents[1].glob("docs/guide/*.md"))


@pytest.mark.parametrize("name", sorted(config.SETTINGS))
def test_a_setting_is_in_the_guide(name: str):
    assert f"`{name}`" in GUIDE


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_a_command_is_in_the_guide_and_says_what_it_does(name: str):
    command = cli.group.get_command(click.Context(cli.group), name)
    assert command is not None
    assert command.help
    for part in command.commands if isinstance(command, click.Group) else [""]:
        assert f"`tocsin {name} {part}".strip() in GUIDE
