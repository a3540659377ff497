"""The reader's site: pages, forms and feeds."""
