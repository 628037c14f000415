"""All controls of a board, from the edges of its lines."""

from collections.abc import Mapping, Sequence

from enclosure.controls.button import Button
from enclosure.controls.encoder import Encoder
from enclosure.events import Event, Switched, Turned
from enclosure.ports import Edge, Turn


class Panel:
    """Turns edges into events. `start` comes first, and again whenever edges may have been missed."""

    def __init__(
        self, buttons: Mapping[str, Button], switches: Sequence[str], encoders: Mapping[str, Encoder]
    ) -> None:
        self._buttons = buttons
        self._switches = switches
        self._encoders = encoders
        self._on: dict[str, bool] = {}
        """Switches that are on, as reported."""

    def start(self, levels: Mapping[str, bool]) -> list[Event]:
        """Starts with the level of each line; returns that of each switch."""
        for name, button in self._buttons.items():
            button.reset(levels[name])
        for name, encoder in self._encoders.items():
            encoder.reset(levels[f"{name}.a"], levels[f"{name}.b"])
        self._on = {name: levels[name] for name in self._switches}
        return [Switched(name, on) for name, on in self._on.items()]

    def edge(self, edge: Edge | Turn) -> Sequence[Event]:
        """Handles a change, in order; returns what people have done with it."""
        if isinstance(edge, Turn):
            return [Turned(edge.direction)]
        if edge.line in self._buttons:
            return self._buttons[edge.line].edge(edge.active, edge.at)
        if edge.line in self._on:
            if self._on[edge.line] == edge.active:
                return []
            self._on[edge.line] = edge.active
            return [Switched(edge.line, edge.active)]
        name, _, line = edge.line.rpartition(".")
        return self._encoders[name].edge("a" if line == "a" else "b", edge.active)

    @property
    def deadline(self) -> float | None:
        """When `elapse` has to be called; None while no gesture waits for time to pass."""
        return min(
            (button.deadline for button in self._buttons.values() if button.deadline is not None), default=None
        )

    def elapse(self, now: float) -> list[Event]:
        """Returns what the passing of time has completed."""
        return [gesture for button in self._buttons.values() for gesture in button.elapse(now)]
