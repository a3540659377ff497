"""Indexes for what every page asks: the posts beside one, and the alerts in force. One of the tables is Wagtail's."""

from django.db import migrations

INDEXES = {
    "web_reading_order": "wagtailcore_page (locale_id, first_published_at)",
    "web_kind_of_post": "content_postpage (kind)",
}


class Migration(migrations.Migration):

    dependencies = [("web", "0001_initial"), ("content", "0001_initial"), ("wagtailcore", "0098_apitoken")]

    operations = [
        migrations.RunSQL(f"CREATE INDEX {name} ON {columns}", f"DROP INDEX {name}")
        for name, columns in INDEXES.items()
    ]
