"""`tocsin prepare`: the database brought to this version, and an empty one made a newsroom.

`tocsin up` runs it at every start. All of a first start's filling is one transaction: a killed one starts over.
"""

import ipaddress
import secrets
import sys
from pathlib import Path

import click

from tocsin.cli import installation, snapshot, stamp, state
from tocsin.cli.django import setup
from tocsin.lib import config
from tocsin.lib.config import Config

LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


@click.command("prepare")
def command() -> None:
    """Bring the database to this version; fill an empty one."""
    settings = config.current()
    stamp.require_not_lost(settings)
    setup()
    _migrate(settings)
    _fill(settings)
    installation.require_address_key(settings)
    stamp.renew(settings)


def _migrate(settings: Config) -> None:
    from django.core.management import call_command

    file = settings.sqlite_path
    if file is not None and not file.exists() and not snapshot.fill(file):
        file.touch()
    if installation.missing_migrations():
        _say("preparing the database")
        call_command("migrate", verbosity=0, skip_checks=True)


def _fill(settings: Config) -> None:
    from django.db import transaction

    from tocsin.audience.models import Publication
    from tocsin.desk.install import install

    with transaction.atomic():
        if Publication.objects.exists():
            return
        _say("making the publication")
        install(name="The Newsroom", sender_email=f"news@{_mail_domain(settings)}")
        _make_first_user(settings.state_dir / state.PASSWORD)
        if settings.demo:
            _seed()


def _seed() -> None:
    from tocsin.desk import demo

    _say("writing the demo's posts")
    demo.seed()


def _mail_domain(settings: Config) -> str:
    """The site's own domain; example.org while the site has none, which `doctor` will remark upon."""
    host = settings.site_host
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host if "." in host else "example.org"
    return "example.org"


def _make_first_user(file: Path) -> None:
    from tocsin.desk.models import User

    password = file.read_text(encoding="ascii").strip() if file.exists() else _password()
    state.write_private(file, password + "\n")
    User.objects.create_superuser(state.FIRST_USER, email="", password=password)


def _password() -> str:
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


def _say(text: str) -> None:
    print(f"tocsin: {text}", file=sys.stderr, flush=True)
