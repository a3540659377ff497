"""`tocsin bench send`: what the courier is measured against, and the list of its figures."""
