"""Doors for other sites and their programs: the form on other people's pages, the HTTP API, and who may use them."""
