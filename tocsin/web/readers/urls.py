"""Addresses of the readers' pages. Tokens are signed; see `tocsin.lib.links`."""

from django.urls import URLPattern, path

from tocsin.web.readers import views

urlpatterns: list[URLPattern] = [
    path("subscribe/", views.subscribe, name="subscribe"),
    path("subscribe/sent/", views.sent, name="subscribe_sent"),
    path("subscribe/sent/later/", views.sent_later, name="subscribe_sent_later"),
    path("confirm/<str:token>/", views.confirm, name="confirm"),
    path("reader/<str:token>/", views.reader, name="reader"),
    path("unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
    path("erase/<str:token>/", views.erase, name="erase"),
]
