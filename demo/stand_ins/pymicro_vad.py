"""Stand in for a voice library that has no build for Python 3.14 in the registry.

Home Assistant's frontend needs it to be importable; nothing in the demo speaks.
"""


class MicroVad:
    """Refuse to listen."""

    def __init__(self) -> None:
        """Say why there is nothing to listen with."""
        raise NotImplementedError("The demo has no voice assistant.")
