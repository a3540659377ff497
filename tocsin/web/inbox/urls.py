"""Addresses of the demo's inbox."""

from django.urls import URLPattern, path

from tocsin.web.inbox import views

urlpatterns: list[URLPattern] = [
    path("", views.inbox, name="inbox"),
    path("<str:mail_id>/", views.mail, name="inbox-mail"),
    path("<str:mail_id>/html/", views.frame, name="inbox-frame"),
]
