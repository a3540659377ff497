"""Pages leave compressed for who takes it."""

import brotli
import pytest

from tests.web.reading import got
from tocsin.web.compression import _takes_brotli

BROWSER = {"accept-encoding": "gzip, deflate, br, zstd"}


@pytest.mark.django_db
def test_a_page_is_the_same_compressed():
    plain, packed = got(), got(**BROWSER)
    assert packed["Content-Encoding"] == "br"
    assert int(packed["Content-Length"]) == len(packed.content) < len(plain.content) / 2
    assert brotli.decompress(packed.content) == plain.content
    assert "Accept-Encoding" in plain["Vary"]


@pytest.mark.django_db
def test_the_newsroom_is_not_compressed():
    assert "Content-Encoding" not in got("/admin/login/", **BROWSER)


@pytest.mark.parametrize(
    ("accepted", "taken"),
    [
        ("br", True),
        ("gzip;q=1.0, BR;q=0.8", True),
        ("", False),
        ("gzip", False),
        ("br;q=0", False),
        ("br; q=0.0", False),
        ("brx", False),
    ],
)
def test_brotli_is_only_for_who_takes_it(accepted, taken):
    assert _takes_brotli(accepted) is taken
