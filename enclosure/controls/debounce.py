"""The level of a line whose contacts bounce, for drivers whose kernel does not debounce."""


class Debounce:
    """A level counts once it has lasted for a period: the rule of the kernel's own debouncing."""

    def __init__(self, period_s: float, level: bool = False) -> None:
        self.level = level
        self._period_s = period_s
        self._latest = level
        self._since = 0.0

    @property
    def settled(self) -> bool:
        """Whether the latest sample has the level that counts."""
        return self._latest == self.level

    def sample(self, level: bool, at: float) -> bool:
        """Takes the level at a time; returns whether the level that counts has changed."""
        if level != self._latest:
            self._latest, self._since = level, at
        if self.settled or at - self._since < self._period_s:
            return False
        self.level = level
        return True
