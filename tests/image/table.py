"""The table of what the image test has found."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic


@dataclass
class Table:
    """What has been found."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)
    name: str = "image"
    _shown_at: float = field(default_factory=monotonic)

    @property
    def failed(self) -> bool:
        """Whether anything was wrong."""
        return any(state == "FAIL" for state, _, _ in self.rows)

    def add(self, state: str, what: str, found: str) -> None:
        """One more row, shown at once as well, with the time since the one before."""
        self.rows.append((state, what, found))
        now = monotonic()
        print(f"... {state:4} {now - self._shown_at:4.0f} s  {what}", flush=True)
        self._shown_at = now
        if state == "FAIL":
            print(found, flush=True)

    @contextmanager
    def part(self, what: str) -> Iterator[None]:
        """What fails in it becomes a row, and does not keep the rest from being tried."""
        try:
            yield
        except AssertionError as error:
            self.add("FAIL", what, str(error))
        except Exception as error:  # noqa: BLE001  # a check that breaks off has not passed
            self.add("FAIL", what, f"{type(error).__name__}: {error}")

    def check(self, what: str, look: Callable[[], str]) -> None:
        """Adds what `look` finds."""
        with self.part(what):
            self.add("ok", what, look())

    def print(self) -> None:
        """All rows, and how many there are of each kind."""
        width = max(len(what) for _, what, _ in self.rows)
        for state, what, found in self.rows:
            first, *others = found.splitlines() or [""]
            print(f"{state:4}  {what:{width}}  {first}")
            for other in others if state != "FAIL" else ():  # they are above
                print(f"{'':4}  {'':{width}}  {other}")
        passed, failed, skipped = (
            sum(state == wanted for state, _, _ in self.rows) for wanted in ("ok", "FAIL", "skip")
        )
        print(f"{self.name}: {passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
