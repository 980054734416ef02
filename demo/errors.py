"""Name what can go wrong in the demo."""


class DemoError(Exception):
    """Say in a sentence what went wrong and what to do."""
