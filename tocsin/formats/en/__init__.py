"""English, as it is written outside North America."""
