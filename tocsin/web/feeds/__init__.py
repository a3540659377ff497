"""Feeds: the latest posts of the site, a topic or an author, whole, for machines that read for people.

`entries.py` says what is in a feed, `formats.py` writes it as RSS, Atom or JSON, `views.py` answers the requests.
"""
