"""The language of an answer follows from its address alone: no cookie, no Accept-Language, so nothing varies by them."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation


class LanguageOfTheAddress(LocaleMiddleware):
    """Django's middleware activates the path's language, or the default; only the `Vary` it adds would not be true."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:  # noqa: ARG002
        response.headers.setdefault("Content-Language", translation.get_language())
        return response
