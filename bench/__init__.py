"""Benchmarks: what the issue's targets are measured with. Never part of the tests, and not installed with the package."""
