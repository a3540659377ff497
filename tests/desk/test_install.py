"""A migrated database becomes a newsroom."""

import pytest
from wagtail.models import Site

from tocsin.audience.queries import publication
from tocsin.content.models import StreamPage
from tocsin.desk.install import install


@pytest.mark.django_db
def test_the_stream_is_the_root_of_the_site():
    assert isinstance(Site.objects.get().root_page.specific, StreamPage)
    assert publication().name == "The Example Gazette"


@pytest.mark.django_db
def test_installing_twice_changes_nothing():
    install(name="Another", sender_email="else@example.org")
    assert publication().name == "The Example Gazette"


def test_committed_databases_are_real(committed):
    assert publication().name == "The Example Gazette"
