"""The API against its own description, by schemathesis: whatever is sent, it answers as it says it does."""

import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.audience import people
from tests.posts import published
from tests.web.elsewhere.asking import HOST, key
from tocsin.audience import limits
from tocsin.content.models import Topic

LOOSE = [positive_data_acceptance]
"""JSON Schema cannot say what an e-mail address is, nor which topics there are: valid by it may be refused by us."""

OURS = {"Host": HOST}
EXAMPLES = 20
OPERATIONS = [
    ("POST", "/api/v1/subscribers"),
    ("POST", "/api/v1/subscribers/lookup"),
    ("GET", "/api/v1/topics"),
    ("GET", "/api/v1/posts"),
    ("GET", "/api/v1/posts/{post_id}"),
]


@pytest.fixture(scope="module")
def application():
    """The whole of Django, middleware and all. As with Django's own client, the connection stays the test's."""
    ends = (signals.request_started, signals.request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    yield get_wsgi_application()
    for signal in ends:
        signal.connect(close_old_connections)


@pytest.fixture
def described(db, application, monkeypatch):
    """The description, as served, over a newsroom with something in it. No limit ends the run early."""
    endless = limits.Limit("endless", burst=10**9, every=1)
    for name in ("KEY", "KEYLESS", "SITE"):
        monkeypatch.setattr(limits, name, endless)
    published("A post", topics=[Topic.objects.create(name="Parks", slug="parks")], kind="alert", severity="minor")
    people.subscribe("mira@example.org")
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application, headers=OURS)


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_the_api_is_as_it_is_described(described, method, path, mode):
    shown, seen = key(), set()

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(described[path][method].as_strategy(generation_mode=mode))
    def answers_as_it_says(case):
        answer = case.call_and_validate(headers={**OURS, "Authorization": f"Bearer {shown}"}, excluded_checks=LOOSE)
        seen.add(answer.status_code)

    answers_as_it_says()
    assert seen & ({200, 404} if mode is schemathesis.GenerationMode.POSITIVE else {401, 404, 405, 415, 422}), seen


def test_every_operation_is_tried(described):
    found = {(each.ok().method.upper(), each.ok().path) for each in described.get_all_operations()}
    assert found == set(OPERATIONS)
