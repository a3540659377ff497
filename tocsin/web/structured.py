"""What machines read on a page: NewsArticle, BreadcrumbList and NewsMediaOrganization of schema.org as JSON-LD."""

import json
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from tocsin.web.context import Site
from tocsin.web.presentation import Article

INSIDE_SCRIPT = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


def news_article(article: Article, site: Site) -> SafeString:
    """The JSON of a post and of its place on the site."""
    return _written(_article(article, site), _breadcrumbs(article, site))


def organization(site: Site) -> SafeString:
    """The JSON of the publication, for its front page."""
    return _written(_publisher(site))


def _article(article: Article, site: Site) -> dict[str, Any]:
    post, publisher = article.post, _publisher(site)
    return {
        "@type": "NewsArticle",
        "headline": post.title,
        "description": post.summary,
        "url": site.url + article.url,
        "mainEntityOfPage": site.url + article.url,
        "inLanguage": post.locale.language_code,
        "datePublished": post.shown_at and post.shown_at.isoformat(timespec="seconds"),
        "dateModified": article.is_updated and post.last_published_at.isoformat(timespec="seconds"),
        "author": [_person(person.author, site) for person in article.people] or publisher,
        "publisher": publisher,
        "articleSection": [topic.name for topic in article.topics],
        "image": article.social and site.url + article.social,
        "isAccessibleForFree": True,
    }


def _breadcrumbs(article: Article, site: Site) -> dict[str, Any]:
    """The way from the front page over the first topic."""
    steps = [(site.publication.name, f"{site.url}/")]
    steps += [(topic.name, site.url + topic.get_absolute_url()) for topic in article.topics[:1]]
    steps += [(article.post.title, site.url + article.url)]
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": name, "item": url}
            for place, (name, url) in enumerate(steps, 1)
        ],
    }


def _publisher(site: Site) -> dict[str, Any]:
    return {"@type": "NewsMediaOrganization", "name": site.publication.name, "url": site.url}


def _written(*things: dict[str, Any]) -> SafeString:
    """One document; no character of it can end the script element it stands in."""
    known = [{name: value for name, value in facts.items() if value} for facts in things]
    document = {"@context": "https://schema.org", **known[0]} if len(known) == 1 else _graph(known)
    written = json.dumps(document, ensure_ascii=False, separators=(",", ":")).translate(INSIDE_SCRIPT)
    return mark_safe(written)  # noqa: S308 - INSIDE_SCRIPT leaves nothing that HTML could read


def _graph(things: list[dict[str, Any]]) -> dict[str, Any]:
    return {"@context": "https://schema.org", "@graph": things}


def _person(author: Any, site: Site) -> dict[str, str]:
    return {"@type": "Person", "name": author.name, "url": site.url + author.get_absolute_url()}
