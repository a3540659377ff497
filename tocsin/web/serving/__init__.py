"""How the site is served: the protocol below, Django in a few threads above, the page cache between them."""
