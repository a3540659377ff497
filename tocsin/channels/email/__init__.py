"""E-mail: compose a message once, splice it per recipient, hand it to a relay."""
