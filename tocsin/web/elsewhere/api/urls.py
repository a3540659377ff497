"""Addresses of the API. Whatever else is asked for below /api/ is not there, and is told so as programs like it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from tocsin.web.elsewhere.api.interface import api
from tocsin.web.elsewhere.api.problems import Problem, Trouble
from tocsin.web.readers import notices

TROUBLES = {trouble.kind.name: trouble.kind for trouble in Trouble}


@require_safe
def explained(request: HttpRequest, name: str) -> HttpResponse:
    """What a kind of problem is: the page its `type` leads to."""
    if name not in TROUBLES:
        raise Http404
    kind = TROUBLES[name]
    return notices.notice(request, kind.title, kind.mend)


@csrf_exempt
def nothing(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django passes it
    """No such address."""
    return Problem(Trouble.NOT_FOUND).response()


urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/problems/<slug:name>/", explained, name="api_problem"),
    path("v1/", api.urls),
    re_path("", nothing),
]
