"""The only module that moves a delivery's state, by the table in `states.py`, in named SQL on either database."""
