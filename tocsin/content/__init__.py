"""What editors write: posts, topics, authors, as Wagtail pages and snippets."""
