"""Clippings: what posts show of other people's pages, as a card that links. Looked up once, kept here, never hot-linked."""
