"""Two editors, one button."""

import threading

from django.db import connections

from tests.posts import draft, publish
from tests.readers import readers
from tocsin.content.models import PostPage
from tocsin.courier.models import Dispatch


def test_two_who_publish_at_once_tell_once(committed):
    readers(5)
    post = draft()
    start = threading.Barrier(2)
    failures: list[Exception] = []

    def press() -> None:
        try:
            start.wait(10)
            publish(PostPage.objects.get(pk=post.pk))
        except Exception as error:  # noqa: BLE001 - told below
            failures.append(error)
        finally:
            connections.close_all()

    editors = [threading.Thread(target=press) for _ in range(2)]
    for editor in editors:
        editor.start()
    for editor in editors:
        editor.join(30)
    assert failures == []
    assert Dispatch.objects.get().audience == 5
