"""Say why the phone system will not do what was asked."""


class SimulationError(ValueError):
    """Tell of a step that cannot be taken, such as answering a phone that does not ring."""


class UnknownError(SimulationError):
    """Tell of a user, group, channel or call that the phone system does not have."""
