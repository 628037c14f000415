"""The fixtures in docs/simulator.md, made from the code: ``python -m tests.simulator_page`` writes them."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from hw_sim import pytest_plugin
from hw_sim.testing.board import BoardDevice, Leds
from hw_sim.testing.device import Host, SimulatedDevice, Sound
from hw_sim.testing.mark1 import Face, Mark1

PAGE = Path(__file__).parents[1] / "docs/simulator.md"
BEGIN, END = "<!-- made by python -m tests.simulator_page -->\n", "<!-- end -->"

FIXTURES = ("mark1", "picroft", "mark2")
OBJECTS: dict[str, type] = {
    "All devices": SimulatedDevice,
    "`mark1`": Mark1,
    "`mark1.face`": Face,
    "`picroft` and `mark2`": BoardDevice,
    "`.leds` of `picroft` and `mark2`": Leds,
    "`.host`": Host,
    "`.sound`": Sound,
}


def page() -> str:
    """The page with its tables."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    return "".join((before, BEGIN, *(f"{line}\n" for line in _tables()), END, after))


def _tables() -> Iterator[str]:
    yield from ("| fixture | what it is |", "|---|---|")
    for name in FIXTURES:
        yield f"| `{name}` | {_sentences(getattr(pytest_plugin, name)._get_wrapped_function())} |"
    for title, kind in OBJECTS.items():
        yield from ("", f"### {title}", "", "| name | what it is or does |", "|---|---|")
        for name, member in vars(kind).items():
            if not name.startswith("_") and member.__doc__:
                yield f"| `{name}{_arguments(member)}` | {_sentences(member)} |"


def _arguments(member: object) -> str:
    """The parameters of a method, with defaults and without types."""
    if not inspect.isfunction(member):
        return ""
    parameters = list(inspect.signature(member).parameters.values())[1:]
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in parameters]
    return str(inspect.Signature(bare))


def _sentences(member: object) -> str:
    return re.sub(r"\s+", " ", inspect.getdoc(member) or "").replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page())
