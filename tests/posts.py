"""Posts for tests, made the way an editor makes them."""

from typing import Any

from wagtail.models import Site

from tocsin.content.models import PostPage, StreamPage


def stream() -> StreamPage:
    """The front page every post lies below."""
    root: StreamPage = Site.objects.get().root_page.specific
    return root


def draft(title: str = "The bridge is closed", **fields: Any) -> PostPage:
    """A saved draft with one revision."""
    bylines, topics = fields.pop("authors", []), fields.pop("topics", [])
    post = PostPage(title=title, live=False, **fields)
    stream().add_child(instance=post)
    for author in bylines:
        post.bylines.create(author=author)
    post.topics = topics
    post.save_revision()
    return post


def publish(post: PostPage, **kwargs: Any) -> PostPage:
    """Publish the newest revision; the post as it is in the database then."""
    post.get_latest_revision().publish(**kwargs)
    return PostPage.objects.get(pk=post.pk)


def published(title: str = "The bridge is closed", **fields: Any) -> PostPage:
    """A post that is live."""
    return publish(draft(title, **fields))
