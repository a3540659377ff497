"""What a reader does: fills in forms, opens the links in mails."""

import re
from itertools import cycle

from django.http import HttpResponse
from django.test import Client
from django.test.client import ClientHandler

from tocsin.audience.models import Subscriber
from tocsin.courier.message import Mark, Message
from tocsin.courier.models import Delivery, Edition
from tocsin.lib import config
from tocsin.lib.clock import SECOND, now_us
from tocsin.lib.links import Links
from tocsin.lib.tokens import Signer

ORIGIN = "http://news.example.org"
HOST = "news.example.org"
SITE = ClientHandler(enforce_csrf_checks=True)
"""One for all browsers: it loads the middleware once."""
NETWORKS = cycle(range(1, 0xFFFF))
"""Each browser comes from a network of its own."""


def browser(**headers: str) -> Client:
    """A browser that would be stopped by a missing CSRF token, and sends the Origin a browser sends."""
    client = Client(headers={"host": HOST, "origin": ORIGIN} | headers)
    client.defaults["REMOTE_ADDR"] = f"2001:db8:{next(NETWORKS):x}::1"
    client.handler = SITE
    return client


def subscribe(client: Client | None = None, **fields: str | list[str]) -> HttpResponse:
    """Send the Stay informed form."""
    return (client or browser()).post("/subscribe/", {"email": "mira@example.org", "name": "", "website": ""} | fields)


def mails() -> list[Message]:
    """What was planned, in order."""
    return [Message.from_json(edition.message) for edition in Edition.objects.order_by("id")]


def marks() -> list[tuple[str, Mark]]:
    """Whom each planned mail goes to, and the one link in it."""
    rows = Delivery.objects.order_by("id").values_list("subscriber_id", "edition__message")
    found = []
    for subscriber_id, message in rows:
        [mark] = {mark for mark in Mark if mark in message["text"]}
        assert mark in message["html"]
        found.append((Subscriber.objects.get(pk=subscriber_id).addresses.get().value, mark))
    return found


def link(purpose: str, person: Subscriber, *, age: int = 0) -> str:
    """The path of a mailed link, `age` seconds old."""
    links, now = Links("", Signer(config.current().secret_keys)), now_us() // SECOND - age
    dated = {"confirm": links.confirm, "data": links.data, "erase": links.erase}
    plain = {"manage": links.manage, "unsubscribe": links.unsubscribe}
    return dated[purpose](person.public_id, now) if purpose in dated else plain[purpose](person.public_id)


def heading(response: HttpResponse) -> str:
    """The page's one h1."""
    [found] = re.findall(r"<h1>(.*?)</h1>", response.content.decode())
    return found


def whole(response: HttpResponse) -> tuple[int, dict[str, str], bytes]:
    """Everything of a response."""
    return response.status_code, dict(response.headers), response.content
