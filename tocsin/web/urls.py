"""Addresses of the reader's site, besides the pages of the tree."""

from django.urls import URLPattern, URLResolver, include, path, register_converter
from django.urls.converters import StringConverter

from tocsin.web import feed, media, views


class UnicodeSlug(StringConverter):
    """What Django's unicode slug field takes; anything else in its place is no address of ours."""

    regex = r"[-\w]+"


register_converter(UnicodeSlug, "uslug")

urlpatterns: list[URLPattern | URLResolver] = [
    path("topics/<uslug:slug>/", views.topic, name="topic"),
    path("authors/<uslug:slug>/", views.author, name="author"),
    path("feed.xml", feed.feed, name="feed"),
    path("inbox/", include("tocsin.web.inbox.urls")),
    path("", include("tocsin.web.readers.urls")),
    path("robots.txt", views.robots, name="robots"),
    path("media/images/<str:name>", media.picture, name="picture"),
]
