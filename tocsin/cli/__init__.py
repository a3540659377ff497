"""The `tocsin` command: one module per subcommand, Django only loaded by those that need it."""


def main() -> None:
    """Run the command line."""
    raise SystemExit("not yet")
