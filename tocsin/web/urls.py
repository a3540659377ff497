"""Addresses of the reader's site, besides the pages of the tree."""

from django.urls import URLPattern, URLResolver, path

from tocsin.web import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("topics/<str:slug>/", views.topic, name="topic"),
    path("authors/<str:slug>/", views.author, name="author"),
]
