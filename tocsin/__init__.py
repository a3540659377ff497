"""Tocsin: a self-hosted newsroom that tells every reader who asked, once."""

__version__ = "0.1.0"
