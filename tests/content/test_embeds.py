"""Wagtail's own embeds, which fetch whatever address they find, are not there: not in rich text, not in the newsroom."""

import pytest
from django.apps import apps
from django.urls import NoReverseMatch, reverse
from wagtail.rich_text import expand_db_html, features

from tocsin.content.blocks import NOTE_FEATURES, RICH_TEXT_FEATURES


def test_the_app_is_not_installed_and_has_no_screens():
    assert not apps.is_installed("wagtail.embeds")
    with pytest.raises(NoReverseMatch):
        reverse("wagtailembeds:chooser")


def test_rich_text_knows_no_embeds():
    assert "embed" not in {*RICH_TEXT_FEATURES, *NOTE_FEATURES, *features.get_default_features()}
    assert "media" not in features.get_embed_types()


@pytest.mark.django_db
def test_an_embed_that_was_smuggled_in_shows_and_fetches_nothing():
    html = '<p>a</p><embed embedtype="media" url="http://127.0.0.1:1/"/><p>b</p>'
    assert "127.0.0.1" not in expand_db_html(html)
