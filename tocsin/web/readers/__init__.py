"""Subscribing, and a reader's own pages behind mailed links: no password, no cookie, no JavaScript."""
