"""What is known of every delivery, in named SQL on either database. No Django here; `ledger.py` is where states move."""
