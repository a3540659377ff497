"""What machines read on a post's page: NewsArticle of schema.org as JSON-LD."""

import json
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from tocsin.web.context import Site
from tocsin.web.presentation import Article

INSIDE_SCRIPT = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


def news_article(article: Article, site: Site) -> SafeString:
    """The JSON of a post; no character of it can end the script element it stands in."""
    post, publisher = article.post, {"@type": "NewsMediaOrganization", "name": site.publication.name, "url": site.url}
    facts: dict[str, Any] = {
        "@context": "https://schema.org",
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
        "image": article.social and site.url + article.social.src,
        "isAccessibleForFree": True,
    }
    known = {name: value for name, value in facts.items() if value}
    written = json.dumps(known, ensure_ascii=False, separators=(",", ":")).translate(INSIDE_SCRIPT)
    return mark_safe(written)  # noqa: S308 - INSIDE_SCRIPT leaves nothing that HTML could read


def _person(author: Any, site: Site) -> dict[str, str]:
    return {"@type": "Person", "name": author.name, "url": site.url + author.get_absolute_url()}
