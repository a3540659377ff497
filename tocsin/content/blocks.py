"""The blocks a post's body is built from. Their templates for the site and for mail lie beside each other."""

from wagtail.blocks import CharBlock, RichTextBlock, StreamBlock, StructBlock, TextBlock
from wagtail.images.blocks import ImageBlock

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


class PictureBlock(StructBlock):
    """A picture with its alternative text (asked by the image block), caption and credit."""

    image = ImageBlock()
    caption = CharBlock(required=False, max_length=300)
    credit = CharBlock(required=False, max_length=120)

    class Meta:
        icon = "image"
        label = "Picture"


class QuoteBlock(StructBlock):
    """Somebody's words, set apart."""

    text = TextBlock()
    attribution = CharBlock(required=False, max_length=160)

    class Meta:
        icon = "openquote"
        label = "Quote"


class BodyBlock(StreamBlock):
    """The body of a post."""

    heading = CharBlock(icon="title", max_length=200, label="Heading")
    text = RichTextBlock(features=RICH_TEXT_FEATURES, icon="pilcrow", label="Text")
    picture = PictureBlock()
    quote = QuoteBlock()
