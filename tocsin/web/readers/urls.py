"""Addresses of the readers' pages. Tokens are signed; see `tocsin.lib.links`."""

from django.urls import URLPattern, path

from tocsin.web.elsewhere import embedding
from tocsin.web.readers import own_data, own_page, views

in_every_language: list[URLPattern] = [
    path("subscribe/", views.subscribe, name="subscribe"),
    path("subscribe/elsewhere/", embedding.subscribe, name="subscribe_elsewhere"),
    path("subscribe/sent/", views.sent, name="subscribe_sent"),
    path("subscribe/sent/later/", views.sent_later, name="subscribe_sent_later"),
]

urlpatterns: list[URLPattern] = [
    path("confirm/<str:token>/", views.confirm, name="confirm"),
    path("reader/<str:token>/", own_page.reader, name="reader"),
    path("unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
    path("your-data/<str:token>/", own_data.data, name="own_data"),
    path("your-data/<str:token>/my-data.json", own_data.export, name="own_data_export"),
    path("erase/<str:token>/", own_data.erase, name="erase"),
]
