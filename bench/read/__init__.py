"""`tocsin bench read`: what the reader's site is measured against, and the list of its figures."""
