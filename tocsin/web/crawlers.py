"""What crawlers ask for: robots.txt, the sitemaps (by Django's framework) and security.txt (RFC 9116)."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps import views as sitemap_views
from django.db.models import Max, OuterRef, Q, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from wagtail.models import Page

from tocsin.audience.queries import publication
from tocsin.content.models import Author, Byline, PlainPage, PostPage, StreamPage, Topic
from tocsin.lib import config
from tocsin.web import queries

ROBOTS = """User-agent: *
Disallow: /admin/
Disallow: /inbox/
Disallow: /reader/
Disallow: /confirm/
Disallow: /unsubscribe/
Disallow: /erase/
Disallow: /go/
Disallow: /your-data/

Sitemap: {site}/sitemap.xml
Sitemap: {site}/sitemap-news.xml
"""

NEWS_AGE = timedelta(days=2)
"""What a news sitemap may name: nothing older, and at most NEWS_MOST (Google's rules for news sitemaps)."""
NEWS_MOST = 1000
SECURITY_PERIOD = timedelta(days=180)
CLOCK_SECONDS = 300
"""How long what depends on the clock may be kept: the last two days, a date to come."""


class _OurSitemap(Sitemap[Any]):
    """Below the configured address of the site, whatever host was asked."""

    limit = 5000

    def get_protocol(self, protocol: str | None = None) -> str:  # noqa: ARG002 - Django passes it
        return urlsplit(config.current().site_url).scheme

    def get_domain(self, site: Any = None) -> str:  # noqa: ARG002 - Django passes it
        return urlsplit(config.current().site_url).netloc


class _Posts(_OurSitemap):
    def items(self) -> Any:
        return PostPage.objects.live().public().select_related("locale").defer("body").order_by("pk")

    def location(self, item: PostPage) -> str:
        return item.get_url() or "/"

    def lastmod(self, item: PostPage) -> Any:
        return item.last_published_at


class _Pages(_OurSitemap):
    """The front page and pages that are no news."""

    def items(self) -> Any:
        return Page.objects.live().public().type(StreamPage, PlainPage).select_related("locale").order_by("pk")

    def location(self, item: Page) -> str:
        return item.get_url() or "/"


class _Followed(_OurSitemap):
    """Topics or authors that have posts, each as fresh as its latest."""

    def lastmod(self, item: Any) -> Any:
        return item.latest


class _Topics(_Followed):
    def items(self) -> Any:
        latest = Max("posts__last_published_at", filter=Q(posts__live=True))
        return Topic.objects.annotate(latest=latest).filter(latest__isnull=False).order_by("pk")


class _Authors(_Followed):
    def items(self) -> Any:
        signed = Byline.objects.filter(author=OuterRef("pk"), post__live=True)
        latest = Subquery(signed.order_by("-post__last_published_at").values("post__last_published_at")[:1])
        return Author.objects.annotate(latest=latest).filter(latest__isnull=False).order_by("pk")


SITEMAPS: dict[str, type[Sitemap[Any]] | Sitemap[Any]] = {
    "posts": _Posts,
    "pages": _Pages,
    "topics": _Topics,
    "authors": _Authors,
}


@require_safe
def robots(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """What crawlers may read: all that is public."""
    return _text(ROBOTS.format(site=config.current().site_url))


@require_safe
def sitemap_index(request: HttpRequest) -> HttpResponse:
    """Where the sitemaps are."""
    answer: Any = sitemap_views.index(request, SITEMAPS, sitemap_url_name="sitemap")
    for item in answer.context_data["sitemaps"]:  # Django names the host that was asked
        item.location = config.current().site_url + item.location[item.location.index("/sitemap") :]
    return _written(answer)


@require_safe
def sitemap(request: HttpRequest, section: str) -> HttpResponse:
    """One sitemap, or with `?p=` a further page of it."""
    return _written(sitemap_views.sitemap(request, SITEMAPS, section=section))


@require_safe
@cache_control(public=True, max_age=CLOCK_SECONDS)
def news_sitemap(request: HttpRequest) -> HttpResponse:
    """The news of the last two days, as news search engines want it."""
    since = timezone.now() - NEWS_AGE
    owner = publication()
    posts = queries.posts(owner.language).filter(first_published_at__gte=since).defer("body")[:NEWS_MOST]
    context = {"posts": [(post, post.get_url(request)) for post in posts], "site_url": config.current().site_url}
    return render(request, "web/sitemap_news.xml", {**context, "owner": owner}, content_type="application/xml")


@require_safe
@cache_control(public=True, max_age=CLOCK_SECONDS)
def security(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Whom to tell of a weakness: the address that readers know already."""
    owner = publication()
    contact = owner.reply_to or owner.sender_email
    site = config.current().site_url
    expires = (timezone.now() + SECURITY_PERIOD).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = (
        f"Contact: mailto:{contact}",
        f"Expires: {expires.isoformat().replace('+00:00', 'Z')}",
        f"Preferred-Languages: {owner.language}",
        f"Canonical: {site}/.well-known/security.txt",
    )
    return _text("\n".join(lines) + "\n")


def _text(content: str) -> HttpResponse:
    return HttpResponse(content, content_type="text/plain; charset=utf-8")


def _written(answer: Any) -> HttpResponse:
    rendered: HttpResponse = answer.render()
    return rendered
