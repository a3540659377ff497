"""SIGKILL of the web process amid a publish: the post is live and everyone has a row, or nothing of it happened."""

import http.client
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from subprocess import Popen
from urllib.parse import urlencode, urlsplit

import pytest
from django.test import Client

from tests.courier.people import make_readers
from tests.courier.running import until
from tests.crash import aftermath
from tests.crash.scene import Scene
from tests.desk.test_screens import edit_url, form, login
from tests.posts import draft
from tests.running import free_port
from tocsin.content.models import PostPage
from tocsin.courier.models import Batch, Delivery, Dispatch

pytestmark = pytest.mark.crash

READERS = 300


@pytest.mark.parametrize("kills", [1, pytest.param(25, marks=pytest.mark.long)])
def test_a_publish_is_whole_or_never_was(scene: Scene, kills: int):
    client = Client()
    login(client)
    make_readers(READERS)
    posts = [draft(f"Post {number}") for number in range(kills + 1)]
    for earlier, post in pairwise(posts):
        with a_web_process(scene) as (port, web):
            began = time.monotonic()
            press_publish(client, port, earlier)
            took = time.monotonic() - began
            assert is_whole(earlier), "published, if need be again after the kill"
            pressed = threading.Thread(target=press_publish, args=(client, port, post))
            pressed.start()
            wait = scene.chance.uniform(0, min(took, 0.5))
            time.sleep(wait)
            web.kill()
            pressed.join()
        scene.say(f"web was killed {wait:.3f} s after Publish was pressed: {'live' if is_whole(post) else 'not live'}")
    assert Dispatch.objects.count() == PostPage.objects.filter(live=True).count() >= kills, "each is told once"
    with scene.courier():
        aftermath.until_at_rest()
    aftermath.promises_are_kept(scene)


def is_whole(post: PostPage) -> bool:
    """Whether it is live and everyone has a row. Fails when it is something in between."""
    live = PostPage.objects.get(pk=post.pk).live
    dispatches = list(Dispatch.objects.filter(post_id=post.pk))
    assert len(dispatches) == live
    for dispatch in dispatches:
        assert dispatch.audience == READERS == Delivery.objects.filter(dispatch=dispatch).count()
        assert Batch.objects.filter(dispatch=dispatch).exists()
    return live


def press_publish(client: Client, port: int, post: PostPage) -> None:
    """What the editor's browser sends. That no answer comes is not its fault."""
    token = "x" * 32
    fields = {**form(post.title, slug=post.slug, **{"action-publish": "1"}), "csrfmiddlewaretoken": token}
    headers = {
        "Host": urlsplit(os.environ["TOCSIN_SITE_URL"]).netloc,
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": "; ".join(
            [f"csrftoken={token}", *(f"{name}={morsel.value}" for name, morsel in client.cookies.items())]
        ),
    }
    with suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("POST", edit_url(post), urlencode(fields), headers)
        answer = connection.getresponse()
        assert answer.status == 302, (answer.status, answer.read()[:2000])


@contextmanager
def a_web_process(scene: Scene) -> Iterator[tuple[int, "Popen[bytes]"]]:
    """`tocsin web`, once it answers."""
    port = free_port()
    with scene.program("web", "--port", str(port)) as web:
        until(lambda: answers(port), "the web process to answer", 90)
        yield port, web


def answers(port: int) -> bool:
    with suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/robots.txt")
        return connection.getresponse().status < 500
    return False
