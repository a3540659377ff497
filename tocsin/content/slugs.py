"""Slugs that are taken: by pages of the site itself, and by the prefixes of languages."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import Resolver404, resolve
from django.utils import translation
from django.utils.translation import gettext as _


def refuse_reserved(slug: str) -> None:
    """Raises ValidationError for a slug that is a page of the site itself."""
    if slug and is_reserved(slug):
        refusal = _("/{slug}/ is a page of the site itself. Choose another slug.").format(slug=slug)
        raise ValidationError({"slug": refusal})


def is_reserved(slug: str) -> bool:
    """Whether a post of this slug would be hidden by a page of the site itself or by a language's prefix."""
    if slug in dict(settings.LANGUAGES):
        return True
    try:
        with translation.override(None):  # without a language's prefix
            return resolve(f"/{slug}/").url_name != "wagtail_serve"
    except Resolver404:
        return False
