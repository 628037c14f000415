"""The commands of the documentation that are for a device, typed by its owner as they stand there."""

import shutil

from tests.docs.pages import DEVICE, OUTPUT, SHELLS, blocks, pages
from tests.image.faults import the_doctor_finds_nothing_to_mend
from tests.image.installed import Installed
from tests.image.tree import OWNER

HOME = f"/home/{OWNER}"

PRELUDE = """\
set -e
# The doctor finds that the clock of a container cannot be set; it does so on no device.
mycroft-enclosure() { command mycroft-enclosure "$@" || [ "$1" = doctor ]; }
"""


def the_pages_work_as_written(installed: Installed) -> str:
    """Each page in a shell of its own; the packages are where make deb leaves them."""
    root = installed.tree.root
    the_doctor_finds_nothing_to_mend(installed)  # which prepares the device
    built = root / HOME.removeprefix("/") / "build/deb"
    built.mkdir(parents=True, exist_ok=True)
    for deb in installed.first:
        shutil.copy(deb, built)
    count = 0
    for page in pages():
        typed, expected = [], []
        for block in blocks(page):
            if DEVICE in block.marks:
                typed.append(block.text)
            elif OUTPUT in block.marks and typed and block.language not in SHELLS:
                expected.append(block.text)
        if typed:
            script = "\n".join((PRELUDE, f"cd {HOME}", *typed))
            said = installed.machine.run("bash", "-c", script, user=OWNER)
            missing = [text for text in expected if text not in f"{said}\n"]
            assert not missing, f"{page}: {missing} is not in {said}"
            count += len(typed)
    return f"{count} blocks"


CHECKS = (the_pages_work_as_written,)
