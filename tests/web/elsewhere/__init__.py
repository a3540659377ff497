"""Tests of the doors for other sites."""
