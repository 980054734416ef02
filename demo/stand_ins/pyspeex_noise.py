"""Stand in for a voice library that has no build for Python 3.14 in the registry.

Home Assistant's frontend needs it to be importable; nothing in the demo speaks.
"""


class AudioProcessor:
    """Refuse to process sound."""

    def __init__(self, *_: object) -> None:
        """Say why there is nothing to process sound with."""
        raise NotImplementedError("The demo has no voice assistant.")
