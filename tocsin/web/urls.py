"""Addresses of the reader's site, besides the pages of the tree."""

from django.urls import URLPattern, URLResolver, include, path

from tocsin.web import feed, media, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("topics/<str:slug>/", views.topic, name="topic"),
    path("authors/<str:slug>/", views.author, name="author"),
    path("feed.xml", feed.feed, name="feed"),
    path("inbox/", include("tocsin.web.inbox.urls")),
    path("", include("tocsin.web.readers.urls")),
    path("robots.txt", views.robots, name="robots"),
    path("media/images/<str:name>", media.picture, name="picture"),
]
