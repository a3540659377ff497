"""An export leaves while it is read: nothing is gathered before, no query stays open, and the log says how it went."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.desk.test_screens import login, text_of
from tests.readers import reader, readers
from tocsin.audience.exchange import exporting
from tocsin.audience.models import Address, Export
from tocsin.desk.readers.exports import streamed

EXPORT = "/admin/readers/export/"
FORM = {"status": "subscribed", "topic": ""}


@pytest.fixture(autouse=True)
def small_pages(monkeypatch):
    monkeypatch.setattr(exporting, "PAGE", 2)


@pytest.mark.django_db
def test_the_header_leaves_before_anybody_is_looked_up(client):
    login(client)
    readers(3)
    with CaptureQueriesContext(connection) as asked, closing(client.post(EXPORT, FORM)) as given:
        file = given.streaming_content
        assert [next(file), next(file)] == [b"\xef\xbb\xbf", b"email,name,topics,cadence\r\n"]
        assert Export.objects.get().ended_at is None, "but it is on record"
        assert "under way, or cut off" in text_of(client.get(EXPORT))
    assert not [query["sql"] for query in asked if f'FROM "{Address._meta.db_table}"' in query["sql"]]


@pytest.mark.django_db
def test_it_leaves_page_by_page_with_as_few_queries(client):
    login(client)
    readers(5)
    _, _, *pages = client.post(EXPORT, FORM).streaming_content
    assert [page.count(b"\r\n") for page in pages] == [2, 2, 1]
    with CaptureQueriesContext(connection) as asked:
        assert len(list(exporting.rows())) == 5
    assert len(asked) == 1 + 3 * 3 + 1, "the topics, three for each page, and one that finds nobody more"


@pytest.mark.django_db
def test_one_that_is_cut_off_is_on_record_as_that(client):
    login(client)
    readers(5)
    file = streamed(exporting.Filter(), by="ed")
    for _ in range(3):
        next(file)
    file.close()  # as Django does with a response whose reader is gone
    entry = Export.objects.get()
    assert (entry.people, entry.ended_at) == (2, None)
    assert "ed subscribed cut off after 2" in text_of(client.get(EXPORT))


def test_each_piece_may_be_read_in_another_thread_and_others_write_meanwhile(committed):
    """As the web process reads them. Nobody is lost or given twice, and who joins meanwhile comes last."""
    people = readers(5)
    file = streamed(exporting.Filter(), by="ed")
    found = []
    for number in range(20):
        with ThreadPoolExecutor(1) as thread:
            piece = thread.submit(_next_and_hang_up, file).result()
        if not piece:
            break
        found.append(piece)
        if number == 2:
            people[0].delete()
            reader("reader9@example.org")
    lines = b"".join(found).decode("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == [f"reader{n}@example.org" for n in (0, 1, 2, 3, 4, 9)]
    assert Export.objects.get().people == 6


def _next_and_hang_up(file: Iterator[bytes]) -> bytes:
    try:
        return next(file, b"")
    finally:
        connection.close()
