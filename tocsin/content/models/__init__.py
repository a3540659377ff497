"""The nouns of the site, a file for each subject."""

from tocsin.content.clippings.models import Clipping
from tocsin.content.models.filing import Author, Followed, Topic
from tocsin.content.models.pages import MenuItem, PlainPage
from tocsin.content.models.posts import Byline, Note, PostPage, StreamPage
from tocsin.content.readership import Readership

__all__ = [
    "Author",
    "Byline",
    "Clipping",
    "Followed",
    "MenuItem",
    "Note",
    "PlainPage",
    "PostPage",
    "Readership",
    "StreamPage",
    "Topic",
]
