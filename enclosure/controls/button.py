"""Press, hold and double press of a button."""

from enclosure.events import Held, Pressed, PressedTwice

Gesture = Pressed | PressedTwice | Held


class Button:
    """Recognizes gestures from debounced edges. Without `hold_s` or `double_s` there is no such gesture.

    A press is reported as early as it cannot become another gesture: when the button goes down if there is no
    other one, when it is released if it could be held, and after `double_s` if a second press could follow.
    """

    def __init__(self, name: str, *, hold_s: float | None = None, double_s: float | None = None) -> None:
        self.deadline: float | None = None
        """When `elapse` has to be called; None while no gesture waits for time to pass."""
        self._name = name
        self._hold_s = hold_s
        self._double_s = double_s
        self._down = False
        self._presses = 0
        """Releases that have not been reported."""
        self._reported = False
        """Whether the gesture that the button is down for has been reported."""

    def reset(self, down: bool) -> None:
        """Starts over with a button that is up or down. A press that has begun is no gesture."""
        self.deadline = None
        self._down = down
        self._presses = 0
        self._reported = down

    def edge(self, down: bool, at: float) -> list[Gesture]:
        """Handles an edge, after all earlier ones; returns the gestures that it completes."""
        gestures = self.elapse(at)
        if down == self._down:  # the edge between was lost
            return gestures
        self._down = down
        return gestures + (self._on_down(at) if down else self._on_up(at))

    def elapse(self, now: float) -> list[Gesture]:
        """Returns the gesture that the passing of time has completed, if any."""
        if self.deadline is None or now < self.deadline:
            return []
        self.deadline = None
        if self._down:
            self._reported = True
            earlier: list[Gesture] = [Pressed(self._name)] * self._presses
            self._presses = 0
            return [*earlier, Held(self._name)]
        self._presses = 0
        return [Pressed(self._name)]

    def _on_down(self, at: float) -> list[Gesture]:
        self._reported = False
        self.deadline = None if self._hold_s is None else at + self._hold_s
        if self._hold_s is None and self._double_s is None:
            self._reported = True
            return [Pressed(self._name)]
        if self._hold_s is None and self._presses:
            self._presses, self._reported = 0, True
            return [PressedTwice(self._name)]
        return []

    def _on_up(self, at: float) -> list[Gesture]:
        if self._reported:
            return []
        self.deadline = None
        if self._presses:
            self._presses = 0
            return [PressedTwice(self._name)]
        if self._double_s is None:
            return [Pressed(self._name)]
        self._presses, self.deadline = 1, at + self._double_s
        return []
