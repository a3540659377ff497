"""The blocks a post's body is built from. Their templates for the site and for mail lie beside each other."""

from collections import Counter
from collections.abc import Iterator
from html import escape
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import (
    CharBlock,
    ListBlock,
    RegexBlock,
    RichTextBlock,
    StreamBlock,
    StreamBlockValidationError,
    StructBlock,
    StructBlockValidationError,
    TextBlock,
)
from wagtail.contrib.table_block.blocks import DEFAULT_TABLE_OPTIONS, TableBlock
from wagtail.images.blocks import ImageBlock

from tocsin.content import footnotes, tables
from tocsin.lib.errors import Refused
from tocsin.outside.destinations import destination

RICH_TEXT_FEATURES = [
    "bold",
    "italic",
    "link",
    "ol",
    "ul",
    "hr",
    "superscript",
    "subscript",
    "strikethrough",
    "code",
]
NOTE_FEATURES = ["bold", "italic", "link", "superscript", "subscript", "code"]

TABLE_OPTIONS = {
    "startRows": 4,
    "language": "en-US",  # the only one its JavaScript brings; left out, it asks for the editor's and complains
    "contextMenu": [*DEFAULT_TABLE_OPTIONS["contextMenu"], "---------", "alignment"],
}


class PictureBlock(StructBlock):
    """A picture with its alternative text (asked by the image block), caption and credit."""

    image = ImageBlock(label=_("Picture"))
    caption = CharBlock(required=False, max_length=300, label=_("Caption"))
    credit = CharBlock(required=False, max_length=120, label=_("Credit"))

    class Meta:
        icon = "image"
        label = _("Picture")


class QuoteBlock(StructBlock):
    """Somebody's words, set apart."""

    text = TextBlock(label=_("Text"))
    attribution = CharBlock(required=False, max_length=160, label=_("Whose words"))

    class Meta:
        icon = "openquote"
        label = _("Quote")


class ProgramBlock(TextBlock):
    """Text of which every space counts, also the first."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.field_options["strip"] = False


class CodeBlock(StructBlock):
    """Lines of code, shown as they are."""

    language = CharBlock(
        required=False, max_length=40, label=_("Language"), help_text=_("Shown above the code, such as Python or SQL.")
    )
    code = ProgramBlock(label=_("Code"), rows=8)

    class Meta:
        icon = "code"
        label = _("Code")


class NoteBlock(StructBlock):
    """One footnote and the mark by which texts refer to it."""

    mark = RegexBlock(
        f"^{footnotes.MARK}$",
        label=_("Mark"),
        help_text=_("Refer to it in the text as [^mark]. Readers see numbers, in the order of the text."),
        error_messages={"invalid": _("A mark is made of letters, digits and hyphens: 1, 2, source-a.")},
    )
    text = RichTextBlock(features=NOTE_FEATURES, label=_("Note"))


class LinkBlock(StructBlock):
    """A page of somebody else's, shown as a card that links there."""

    url = CharBlock(
        label=_("Address"),
        max_length=1000,
        help_text=_(
            "Title, text and picture are looked up soon after you save, and kept here: readers ask nobody else."
        ),
    )
    title = CharBlock(required=False, max_length=300, label=_("Title"), help_text=_("Instead of the page's own."))
    description = CharBlock(required=False, max_length=600, label=_("Text"), help_text=_("Instead of the page's own."))

    class Meta:
        icon = "link"
        label = _("Link with preview")

    def clean(self, value: Any) -> Any:
        """Refuse what is no address of a web page."""
        cleaned = super().clean(value)
        try:
            destination(cleaned["url"])
        except Refused as refused:
            raise StructBlockValidationError({"url": ValidationError(f"{refused.message} {refused.mend}")}) from refused
        return cleaned


class BodyBlock(StreamBlock):
    """The body of a post."""

    heading = CharBlock(icon="title", max_length=200, label=_("Heading"))
    text = RichTextBlock(features=RICH_TEXT_FEATURES, icon="pilcrow", label=_("Text"))
    picture = PictureBlock()
    quote = QuoteBlock()
    table = TableBlock(
        table_options=TABLE_OPTIONS,
        label=_("Table"),
        help_text=_(
            "Cells can be pasted from a spreadsheet. In a cell **bold**, *italic*, `code` and [words](https://...) are "
            "understood. The menu of the right mouse button adds rows and aligns cells."
        ),
    )
    code = CodeBlock()
    link = LinkBlock()
    footnotes = ListBlock(
        NoteBlock(),
        icon="list-ol",
        label=_("Footnotes"),
        help_text=_("Where the text says [^1], readers find a number that leads to the note of mark 1, and back."),
    )

    class Meta:
        block_counts = {"footnotes": {"max_num": 1}}

    def get_searchable_content(self, value: Any) -> list[str]:
        """The words of a body, without markup: for searching, and for counting how long they take to read."""
        return [footnotes.without_marks(text) for block in value for text in _words(block)]

    def clean(self, value: Any) -> Any:
        """Refuse references that lead nowhere and notes nobody is led to; a draft may have both."""
        cleaned = super().clean(value)
        if not self.is_deferred_validation:
            wrong = [ValidationError(message) for message in _astray(cleaned)]
            if wrong:
                raise StreamBlockValidationError(non_block_errors=wrong)
        return cleaned


def _words(block: Any) -> list[str]:
    if block.block_type == "table":
        return tables.searchable(block.value)
    words: list[str] = block.block.get_searchable_content(block.value)
    if block.block_type == "picture":
        words = [each for each in words if each != str(None)]  # so Wagtail calls the words of a picture that has none
    return words


def _astray(body: Any) -> Iterator[str]:
    """What is wrong with the footnotes of a body."""
    noted = Counter(note["mark"] for block in body if block.block_type == "footnotes" for note in block.value)
    referred = set().union(*(footnotes.marks_in(text) for block in body for text in _referring(block)))
    for mark, count in noted.items():
        if count > 1:
            yield gettext("Two footnotes have the mark {mark}. Give each its own.").format(mark=mark)
        if mark not in referred:
            yield gettext("No text refers to the footnote {mark}: write [^{mark}] where it belongs.").format(mark=mark)
    for mark in sorted(referred - set(noted)):
        if mark.isdecimal() or noted:
            yield gettext(
                "A text refers to [^{mark}], but there is no such footnote. Add it below, or mark the text as code."
            ).format(mark=mark)


def _referring(block: Any) -> list[str]:
    """The texts of a block that may refer to footnotes, as HTML."""
    match block.block_type:
        case "text":
            return [block.value.source]
        case "quote":
            return [escape(block.value["text"])]
        case "table":
            return [str(tables.inline(str(cell or ""))) for row in block.value.get("data") or [] for cell in row]
        case _:
            return []
