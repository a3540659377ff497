"""`tocsin doctor` says what is wrong, and how to mend it."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from tests.courier.people import make_readers, tell_everyone
from tests.running import free_port
from tocsin import cli
from tocsin.audience.models import Publication
from tocsin.cli import state
from tocsin.courier import actions
from tocsin.courier.ledger.dispatches import RESTORED
from tocsin.courier.models import RelayStatus
from tocsin.lib import clock, config

Examine = Callable[..., dict[str, Any]]


@pytest.fixture
def examine(
    committed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Examine:
    """Run `doctor --json` on a state directory of its own, with settings; what was found, by check."""

    def run(code: int = 1, **settings: str) -> dict[str, Any]:
        monkeypatch.setenv("TOCSIN_STATE_DIR", str(tmp_path / "state"))
        (tmp_path / "state").mkdir(mode=0o700, exist_ok=True)
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        config.current.cache_clear()
        assert cli.run(["doctor", "--json"]) == code
        answer = json.loads(capsys.readouterr().out)
        assert answer["ok"] == (code == 0)
        assert all(finding["ok"] or finding["mend"] for finding in answer["findings"])
        return {finding["check"]: finding for finding in answer["findings"]}

    return run


def complete_the_publication() -> None:
    Publication.objects.update(
        address_line="1 Main Street", staff_email="desk@gazette.press", sender_email="news@gazette.press"
    )


def test_a_demo_that_runs_is_well(examine: Examine, tmp_path: Path):
    with state.claim(tmp_path / "state", state.CAUGHT):
        found = examine(code=0)
    assert "demo's inbox" in found["relays"]["message"]
    assert f"pid {os.getpid()}" in found["state"]["message"]


def test_without_a_relay_nobody_is_told(examine: Examine):
    found = examine()
    assert "sent to nobody" in found["relays"]["message"]


def test_a_relay_that_is_down_is_named_with_its_words(examine: Examine):
    port = free_port()
    found = examine(TOCSIN_RELAYS=f"smtp://127.0.0.1:{port}?tls=none", TOCSIN_SITE_URL="https://news.gazette.press")
    assert not found["relay"]["ok"]
    assert f"127.0.0.1:{port} says: " in found["relay"]["message"]


def test_a_relay_that_takes_mail_is_well_and_is_sent_nothing(examine: Examine):
    from aiosmtpd.controller import Controller
    from aiosmtpd.handlers import Message

    class Refusing(Message):
        def handle_message(self, message: object) -> None:
            raise AssertionError("doctor sent something")

    complete_the_publication()
    controller = Controller(Refusing(), hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        url = f"smtp://127.0.0.1:{controller.port}?tls=none"
        found = examine(
            code=0, TOCSIN_RELAYS=url, TOCSIN_SITE_URL="https://news.gazette.press", TOCSIN_TRUSTED_PROXIES="::1"
        )
    finally:
        controller.stop()
    assert found["relay"]["ok"]


def test_what_readers_could_reach_by_mail_is_checked(examine: Examine):
    found = examine(TOCSIN_RELAYS="smtp://127.0.0.1:1?tls=none", TOCSIN_SITE_URL="http://news.gazette.press")
    assert not found["site"]["ok"]


def test_a_proxy_that_is_not_known_is_told(examine: Examine):
    found = examine(TOCSIN_SITE_URL="https://news.gazette.press")
    assert "TOCSIN_TRUSTED_PROXIES" in found["site"]["mend"]


def test_an_incomplete_publication_is_told(examine: Examine):
    complete_the_publication()
    Publication.objects.update(sender_email="news@example.org")
    found = examine(TOCSIN_RELAYS="smtp://127.0.0.1:1?tls=none")
    assert "news@example.org" in found["publication"]["message"]


def test_files_that_others_may_read_are_told(examine: Examine, tmp_path: Path):
    examine()
    (tmp_path / "state" / "env").write_text("")
    (tmp_path / "state" / "env").chmod(0o644)
    assert "chmod" in examine()["state"]["mend"]


def test_another_address_key_is_told(examine: Examine):
    found = examine(TOCSIN_ADDRESS_KEY="not the one it was made with")
    assert "another address key" in found["database"]["message"]


def test_a_relay_that_refuses_mail_while_sending_is_told(examine: Examine):
    long_ago = clock.now_us() - clock.HOUR
    RelayStatus.objects.create(name="relay.example:25", trouble="554 no service", since_us=long_ago)
    assert "554 no service" in examine()["newsroom"]["message"]


def test_what_a_restored_database_holds_is_told(examine: Examine):
    make_readers(1)
    held, paused = tell_everyone(post_id=1), tell_everyone(post_id=2)
    with transaction.atomic():
        actions.pause(held, RESTORED)
        actions.pause(paused, "The mayor wants to read it first.")
    found = examine()
    assert found["tellings"]["message"].startswith("1 tellings are held")
    assert "resume --all" in found["tellings"]["mend"]
    assert found["paused"]["ok"]
    assert str(paused.pk) in found["paused"]["message"]


def test_it_speaks_to_people(examine: Examine, capsys: pytest.CaptureFixture[str]):
    examine()
    assert cli.run(["doctor"]) == 1
    assert "WRONG relays: No relay is configured" in capsys.readouterr().out
