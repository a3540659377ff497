"""The newsroom's screens for taking readers in from a file: giving it, seeing what it is and would do, deciding, the report."""
