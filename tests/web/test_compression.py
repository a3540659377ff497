"""Pages leave compressed for who takes it."""

import gzip

import brotli
import pytest

from tests.web.reading import got
from tocsin.web.compression import Coding, preferred

BROWSER = {"accept-encoding": "gzip, deflate, br, zstd"}


@pytest.mark.django_db
def test_a_page_is_the_same_compressed():
    plain, packed, zipped = got(), got(**BROWSER), got(**{"accept-encoding": "gzip"})
    assert packed["Content-Encoding"] == "br"
    assert int(packed["Content-Length"]) == len(packed.content) < len(plain.content) / 2
    assert brotli.decompress(packed.content) == gzip.decompress(zipped.content) == plain.content
    assert "Accept-Encoding" in plain["Vary"]


@pytest.mark.django_db
def test_the_newsroom_is_not_compressed():
    assert "Content-Encoding" not in got("/admin/login/", **BROWSER)


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("br", Coding.BROTLI),
        ("gzip;q=1.0, BR;q=0.8", Coding.BROTLI),
        ("", Coding.IDENTITY),
        ("gzip", Coding.GZIP),
        ("br;q=0, gzip", Coding.GZIP),
        ("br; q=0.0", Coding.IDENTITY),
        ("brx", Coding.IDENTITY),
        ("*", Coding.BROTLI),
        ("*, br;q=0", Coding.GZIP),
        ("*;q=0", Coding.IDENTITY),
        ("deflate", Coding.IDENTITY),
    ],
)
def test_each_gets_the_best_it_takes(accepted, coding):
    assert preferred(accepted) is coding
