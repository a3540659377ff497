"""A counted link of a mail: one more, and on to where it leads. Which link somebody followed is noted nowhere: what is
remembered of a network for some minutes, so that nobody can inflate the numbers, says only that it followed some."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from tocsin.audience import limits
from tocsin.audience.queries import publication
from tocsin.courier import counting


@require_safe
def go(request: HttpRequest, key: str) -> HttpResponse:
    """Where the link leads. Counted unless only asked about (HEAD), or the publication does not count any more."""
    url = counting.destination(key)
    if url is None:
        raise Http404
    if request.method == "GET" and publication().count_clicks and _is_believed(request):
        counting.followed(key)
    response = HttpResponseRedirect(url)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _is_believed(request: HttpRequest) -> bool:
    return limits.take(limits.FOLLOWED, limits.network(request.META.get("REMOTE_ADDR", "")))
