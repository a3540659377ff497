"""Measuring how people are taken in from files and written out to them."""
