"""What the newsroom decides of the whole site, besides editing pages: in which languages there are posts."""

from collections.abc import Collection

from django.db import transaction
from wagtail.models import Locale, Page, Site

from tocsin.content.models import StreamPage


@transaction.atomic
def speak(main: str, others: Collection[str]) -> None:
    """From now on the site's language is `main`, and there is a stream of posts in each of `others`.

    Where no stream is in `main` yet, the language so far was not the right one: all there is counts as written in `main`.
    The stream of a language that is no longer spoken is taken down; its posts stay in the newsroom.
    """
    front = _front()
    if front.locale.language_code != main:
        front = _in_front(front, main)
    for language in {*others} - {main}:
        _open(front, language)
    for stream in StreamPage.objects.live().exclude(locale__language_code__in=[main, *others]):
        stream.unpublish()


def _front() -> StreamPage:
    site = Site.objects.get(is_default_site=True)
    stream: StreamPage = StreamPage.objects.select_related("locale").get(pk=site.root_page_id)
    return stream


def _in_front(front: StreamPage, main: str) -> StreamPage:
    """The stream in `main`, now the site's front page; the posts of both keep their language, if both exist."""
    locale, _ = Locale.objects.get_or_create(language_code=main)
    there: StreamPage | None = front.get_translation_or_none(locale)
    if there is None:
        Page.objects.filter(path__startswith=front.path, locale=front.locale).update(locale=locale)
        front.refresh_from_db()
        front.save()  # so that everybody who watches pages notices
        return front
    Site.objects.filter(is_default_site=True).update(root_page=there)
    Site.clear_site_root_paths_cache()
    return there


def _open(front: StreamPage, language: str) -> None:
    """A live stream in `language`, beside the front page."""
    locale, _ = Locale.objects.get_or_create(language_code=language)
    stream = front.get_translation_or_none(locale) or front.copy_for_translation(locale)
    if not stream.live:
        stream.save_revision().publish()
        Site.clear_site_root_paths_cache()
