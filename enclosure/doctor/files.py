"""Files that others wrote: whatever lies at a path, reading it neither hangs nor fills the memory."""

import errno
import os
import stat
from pathlib import Path

MAX_BYTES = 256 * 1024
"""What is read of one file. The longest that a check looks at, config.txt, has some kilobytes."""


def read(path: Path) -> str | None:
    """The beginning of a regular file, as text; None where there is none. Raises OSError.

    A pipe or a device is no regular file, and opening one may wait without end.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return None
        raise
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            return None
        return os.read(file, MAX_BYTES).decode(errors="replace")
    finally:
        os.close(file)
