"""Digests: what readers who want news once a day or once a week are told, and when."""
