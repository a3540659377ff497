"""A document (`importers.document`) becomes a post, with its topics, authors and pictures, and can be published.

Nothing is made before everything is known to fit; what fails midway leaves neither rows nor picture files behind.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha1
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from PIL import Image as Pixels
from PIL import UnidentifiedImageError
from slugify import slugify
from wagtail.images.models import Image
from wagtail.models import Site

from tocsin.audience.queries import publication
from tocsin.content.models import Author, PostPage, StreamPage, Topic
from tocsin.content.slugs import is_reserved
from tocsin.importers.document import Document
from tocsin.lib.errors import Refused

SLUG_CHARACTERS = 80
ASSUMED_SEVERITY = PostPage.Severity.MODERATE
PICTURE_FORMATS = {"AVIF": ".avif", "JPEG": ".jpg", "PNG": ".png", "GIF": ".gif", "WEBP": ".webp"}

Named = TypeVar("Named", Topic, Author)


@dataclass(frozen=True)
class Wishes:
    """What the caller asks for beyond the document. `folder` is where its pictures lie."""

    folder: Path
    kind: str = ""
    topics: tuple[str, ...] = ()
    create_topics: bool = False
    create_authors: bool = False
    tell_readers: bool = True


@dataclass
class _Pictures:
    """The pictures of one document, each made once. Files written for nothing are taken away again."""

    folder: Path
    made: list[Image] = field(default_factory=list)

    def take(self, path: str, alt: str) -> Image:
        data = self._read(path)
        file_hash = sha1(data, usedforsecurity=False).hexdigest()
        known = Image.objects.filter(file_hash=file_hash).first()
        if known is not None:
            return known
        name = f"{slugify(Path(path).stem) or 'picture'}{_ending(data, path)}"
        title = (alt or Path(path).stem)[:255]
        image = Image(title=title, file=ContentFile(data, name), file_hash=file_hash, file_size=len(data))
        image.save()
        self.made.append(image)
        return image

    def _read(self, path: str) -> bytes:
        folder = self.folder.resolve()
        file = (folder / path).resolve()
        if not file.is_relative_to(folder) or not file.is_file():
            raise Refused(
                f"There is no picture {path} beside the document.", "Put it there, or take it out of the document."
            )
        return file.read_bytes()

    def forget(self) -> None:
        for image in self.made:
            image.file.storage.delete(image.file.name)


def create_post(document: Document, wishes: Wishes) -> PostPage:
    """A draft below the stream, with one revision. Raises Refused; then nothing was made."""
    with _all_or_nothing(wishes.folder) as pictures:
        return _make_draft(document, wishes, pictures)


def publish_document(document: Document, wishes: Wishes) -> PostPage:
    """Make the post and publish it as an editor would; its readers are told. Raises TocsinError; then nothing was made."""
    with _all_or_nothing(wishes.folder) as pictures:
        draft = _make_draft(document, wishes, pictures)
        draft.get_latest_revision().publish()
        post: PostPage = PostPage.objects.get(pk=draft.pk)
        return post


@contextmanager
def _all_or_nothing(folder: Path) -> Iterator[_Pictures]:
    pictures = _Pictures(folder)
    try:
        with transaction.atomic():
            yield pictures
    except BaseException:
        pictures.forget()
        raise


def _make_draft(document: Document, wishes: Wishes, pictures: _Pictures) -> PostPage:
    stream = _stream()
    topics = _found(Topic, (*document.topics, *wishes.topics), create=wishes.create_topics)
    authors = _found(Author, document.authors, create=wishes.create_authors)
    post = PostPage(live=False, tell_readers=wishes.tell_readers, **_fields(document, wishes, stream))
    if document.image:
        post.lead_image = pictures.take(document.image, document.image_alt)
    post.body = [_block(kind, value, pictures) for kind, value in document.blocks]
    try:
        stream.add_child(instance=post)
        post.topics = topics
        for author in authors:
            post.bylines.create(author=author)
        post.full_clean()
    except ValidationError as error:
        raise Refused(" ".join(error.messages), "Correct the document, then publish it again.") from error
    post.save_revision()
    return post


def _fields(document: Document, wishes: Wishes, stream: StreamPage) -> dict[str, Any]:
    kind = wishes.kind or document.kind
    zone = ZoneInfo(publication().time_zone)
    return {
        "title": document.title,
        "slug": free_slug(stream, document.slug or document.title),
        "summary": document.summary,
        "kind": kind,
        "date_shown": _aware(document.date, zone),
        "severity": (document.severity or ASSUMED_SEVERITY) if kind == PostPage.Kind.ALERT else "",
        "alert_expires_at": _aware(document.expires, zone) if kind == PostPage.Kind.ALERT else None,
        "lead_image_alt": document.image_alt,
        "lead_image_credit": document.image_credit,
        "locale": stream.locale,
    }


def free_slug(stream: StreamPage, words: str) -> str:
    """A slug no other post has and no page of the site hides: `-2`, `-3` and so on are added until it is free."""
    base = slugify(words, max_length=SLUG_CHARACTERS, word_boundary=True) or "post"
    taken = set(stream.get_children().filter(slug__startswith=base).values_list("slug", flat=True))
    candidates = (base if number == 1 else f"{base}-{number}" for number in count(1))
    return next(slug for slug in candidates if slug not in taken and not is_reserved(slug))


def _stream() -> StreamPage:
    stream: StreamPage = Site.objects.get(is_default_site=True).root_page.specific
    return stream


def _aware(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment.replace(tzinfo=zone) if moment is not None and moment.tzinfo is None else moment


def _found(model: type[Named], written: Collection[str], *, create: bool) -> list[Named]:
    """The topics or authors that are meant, by slug or by name, each once. Raises Refused for unknown ones."""
    known = list(model.objects.all())
    by_slug = {one.slug: one for one in known} | {slugify(one.name): one for one in known}
    names = {slugify(name): name for name in written if slugify(name)}
    unknown = [name for slug, name in names.items() if slug not in by_slug]
    if unknown and not create:
        raise _unknown(model, unknown, known)
    for name in unknown:
        by_slug[slugify(name)] = _create(model, name)
    return list(dict.fromkeys(by_slug[slug] for slug in names))


def _create(model: type[Named], name: str) -> Named:
    title = name.replace("-", " ").capitalize() if name == slugify(name) else name
    made: Named = model.objects.create(name=title, slug=slugify(name))
    return made


def _unknown(model: type[Named], unknown: list[str], known: list[Named]) -> Refused:
    word = model._meta.verbose_name  # noqa: SLF001 - Django's documented API
    names = ", ".join(f"“{name}”" for name in unknown)
    choices = ", ".join(one.slug for one in known) or "none yet"
    plural = "s" if len(unknown) > 1 else ""
    return Refused(
        f"There is no {word}{plural} {names}.",
        f"Known {word}s: {choices}. Use one of these, or add --create-{word}s to make what is missing.",
    )


def _block(kind: str, value: Any, pictures: _Pictures) -> tuple[str, Any]:
    if kind != "picture":
        return kind, value
    image = pictures.take(value["path"], value["alt"])
    image.contextual_alt_text = value["alt"]
    image.decorative = not value["alt"]
    return kind, {"image": image, "caption": value["caption"], "credit": value["credit"]}


def _ending(data: bytes, path: str) -> str:
    try:
        with Pixels.open(ContentFile(data)) as pixels:
            if pixels.width * pixels.height > settings.WAGTAILIMAGES_MAX_IMAGE_PIXELS:
                raise Refused(
                    f"{path} has {pixels.width} x {pixels.height} pixels.",
                    f"The largest picture has {settings.WAGTAILIMAGES_MAX_IMAGE_PIXELS // 1_000_000} million: scale it down.",
                )
            pixels.load()  # to its end: half a file opens just as well
            return PICTURE_FORMATS[pixels.format or ""]
    except (UnidentifiedImageError, OSError, SyntaxError, KeyError, Pixels.DecompressionBombError) as error:
        raise Refused(
            f"{path} is not a picture we can show.", f"Save it as {', '.join(sorted(PICTURE_FORMATS))}."
        ) from error
