"""Addresses of the reader's site, besides the pages of the tree."""

import re

from django.urls import URLPattern, URLResolver, include, path, register_converter
from django.urls.converters import IntConverter, StringConverter

from tocsin.web import archive, clicks, crawlers, drawings, media, views
from tocsin.web.cards import ICON_SIZES
from tocsin.web.feeds import views as feeds
from tocsin.web.feeds.formats import FORMATS
from tocsin.web.readers import urls as readers


class UnicodeSlug(StringConverter):
    """What Django's unicode slug field takes; anything else in its place is no address of ours."""

    regex = r"[-\w]+"


class FeedFile(StringConverter):
    """The file a feed is asked for as: its format."""

    regex = "|".join(re.escape(name) for name in FORMATS)


register_converter(UnicodeSlug, "uslug")


class Year(IntConverter):
    """Four digits."""

    regex = "[12][0-9]{3}"


register_converter(Year, "year")
register_converter(FeedFile, "feed")

in_every_language: list[URLPattern | URLResolver] = [
    path("topics/<uslug:slug>/", views.topic, name="topic"),
    path("authors/<uslug:slug>/", views.author, name="author"),
    path("<feed:file>", feeds.of_the_site, name="feed"),
    path("topics/<uslug:slug>/<feed:file>", feeds.of_a_topic, name="topic_feed"),
    path("authors/<uslug:slug>/<feed:file>", feeds.of_an_author, name="author_feed"),
    path("archive/", archive.overview, name="archive"),
    path("archive/<year:year>/", archive.of_a_year, name="archive_year"),
    path("archive/<year:year>/<int:month>/", archive.of_a_month, name="archive_month"),
    path("search/", views.search, name="search"),
    *readers.in_every_language,
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("go/<slug:key>/", clicks.go, name="go"),
    path("inbox/", include("tocsin.web.inbox.urls")),
    path("api/", include("tocsin.web.elsewhere.api.urls")),
    path("", include("tocsin.web.readers.urls")),
    path("robots.txt", crawlers.robots, name="robots"),
    path("sitemap.xml", crawlers.sitemap_index, name="sitemaps"),
    path("sitemap-news.xml", crawlers.news_sitemap, name="news_sitemap"),
    path("sitemap-<slug:section>.xml", crawlers.sitemap, name="sitemap"),
    path(".well-known/security.txt", crawlers.security, name="security"),
    path("cards/<int:pk>-<slug:drawn>.png", drawings.card, name="card"),
    path("icon-<int:size>.png", drawings.icon, name="icon"),
    path("favicon.ico", drawings.icon, {"size": min(ICON_SIZES)}, name="favicon"),
    path("site.webmanifest", drawings.manifest, name="manifest"),
    path("media/pictures/<int:pk>-<slug:tag>/<str:name>", media.drawn, name="drawn"),
    path("media/images/<str:name>", media.picture, name="picture"),
]
