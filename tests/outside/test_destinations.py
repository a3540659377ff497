"""An address has one reading, or is refused."""

import pytest

from tocsin.lib.errors import Refused
from tocsin.outside.destinations import destination


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("https://Example.ORG", "https://example.org/"),
        ("https://example.org./a?b=c#d", "https://example.org/a?b=c"),
        ("http://example.org:80/", "http://example.org/"),
        ("https://example.org:8443/", "https://example.org:8443/"),
        ("https://Bücher.example/straße", "https://xn--bcher-kva.example/stra%C3%9Fe"),
        ("https://example.org/a%20b?q=%C3%9F", "https://example.org/a%20b?q=%C3%9F"),
        ("https://[2600:0::1]/", "https://[2600::1]/"),
        ("https://ｅｘａｍｐｌｅ.org/", "https://example.org/"),
    ],
)
def test_one_spelling(written, url):
    assert destination(written).url == url


@pytest.mark.parametrize(
    "written",
    [
        "",
        "example.org",
        "//example.org/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "javascript:alert(1)",
        "https://",
        "https:///path",
        "https://user:secret@example.org/",
        "https://example.org@127.0.0.1/",
        "https://example.org\\@127.0.0.1/",
        "https://example.org/ a",
        "https://example.org/\r\nHost: other",
        "https://exa\tmple.org/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://0x7f.1/",
        "http://１２７.0.0.1.0x1/",
        "http://127.0.0.1%00.example.org/",
        "http://[::1%25eth0]/",
        "http://[::1/",
        "http://example.org:99999/",
        "http://example.org:port/",
        "http://-.example/",
        "http://a..b/",
        f"http://{'a' * 64}.example/",
        f"http://example.org/{'a' * 3000}",
    ],
)
def test_what_might_be_read_in_two_ways_is_refused_with_a_mend(written):
    with pytest.raises(Refused) as refused:
        destination(written)
    assert refused.value.mend.endswith(".")


@pytest.mark.parametrize("written", ["http://１２７.０.０.１/", "http://127。0。0。1/"])
def test_disguised_digits_are_no_name(written):
    with pytest.raises(Refused):
        destination(written)


def test_an_address_that_becomes_too_long_in_its_one_spelling_is_refused():
    with pytest.raises(Refused, match="too long"):
        destination("https://example.org/" + "ї" * 400)
