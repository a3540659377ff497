"""Every address of the site. What is not listed here is a page of the tree, served by Wagtail."""

from django.urls import URLPattern, URLResolver, include, path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from tocsin.desk.login import urls as login_urls
from tocsin.web import languages
from tocsin.web import urls as web_urls

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", include(login_urls.doors)),
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("", include("tocsin.web.urls")),
    *languages.in_every_language(*web_urls.in_every_language, path("", include(wagtail_urls))),
]

handler404 = "tocsin.web.errors.not_found"
handler500 = "tocsin.web.errors.server_error"
