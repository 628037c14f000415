"""Whether the memory of a process grows as it is used."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median

SPELLS = 6


def growth_kb(pid: int, use: Callable[[], None]) -> float:
    """What the resident memory of a process grows by in a spell of `use`, as the median of several, in kB.

    A leak grows in each of them, and a backlog of a busy machine in one or two.
    """
    sizes = []
    for _ in range(SPELLS):
        use()
        sizes.append(int(Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0]))
    return median(later - earlier for earlier, later in pairwise(sizes))
