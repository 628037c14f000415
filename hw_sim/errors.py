"""Everything that the simulator raises."""


class SimulatorError(Exception):
    """The simulated device cannot start, or a part of it has ended; the text says which and why."""
