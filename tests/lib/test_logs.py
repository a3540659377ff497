"""Logs hold no keys."""

import logging

import pytest

from tocsin.lib.logs import KeepTokensOut


@pytest.mark.parametrize(
    ("logged", "kept"),
    [
        ("Gone: /reader/AbC-_123/", "Gone: /reader/…"),
        ('"POST /unsubscribe/AbC/?x=1 HTTP/1.1" 200', '"POST /unsubscribe/…?x=1 HTTP/1.1" 200'),
        ("/admin/password_reset/confirm/MQ/c0-ff/", "/admin/password_reset/confirm/…"),
        ("Not Found: /readers-say/", "Not Found: /readers-say/"),
    ],
)
def test_a_token_in_an_address_is_blotted_out(logged, kept):
    record = logging.LogRecord("x", logging.WARNING, "", 0, "%s", (logged,), None)
    assert KeepTokensOut().filter(record)
    assert record.getMessage() == kept
