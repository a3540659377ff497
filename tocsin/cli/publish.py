"""`tocsin publish FILE`: what an editor does with the Publish button, from a file."""

import json
import sys
from pathlib import Path

import click

from tocsin.cli.django import setup
from tocsin.lib.errors import Refused


@click.command("publish")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--kind", type=click.Choice(["news", "alert"]), default=None, help="Instead of what the file says.")
@click.option("--topic", "topics", multiple=True, metavar="SLUG", help="File it under this topic, too. Repeatable.")
@click.option("--create-topics", is_flag=True, help="Make topics that do not exist yet.")
@click.option("--create-authors", is_flag=True, help="Make authors that do not exist yet.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(
    file: Path, kind: str | None, topics: tuple[str, ...], *, create_topics: bool, create_authors: bool, as_json: bool
) -> None:
    """Publish FILE (Markdown, HTML or text) and tell its readers. The same file again is a second post."""
    setup()
    from tocsin.courier.queries import dispatches_of_post
    from tocsin.desk import documents, message
    from tocsin.importers import document

    parsed = document.parse(_read(file), file.name)
    for warning in parsed.warnings:
        print(f"tocsin: {warning}", file=sys.stderr)
    wishes = documents.Wishes(file.parent, kind or "", topics, create_topics, create_authors)
    post = documents.publish_document(parsed, wishes)
    url, dispatch = message.public_url(post), dispatches_of_post(post.pk).get()
    if as_json:
        print(json.dumps({"url": url, "dispatch": dispatch.pk, "audience": dispatch.audience}))
        return
    people = "1 reader is" if dispatch.audience == 1 else f"{dispatch.audience} readers are"
    print(f"Published: {url}")
    print(f"{people} told in dispatch {dispatch.pk}. See how it goes: tocsin dispatch show {dispatch.pk}")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}.", "Check its path and permissions.") from error
