"""The version of the whole project; `tests/test_release.py` sees to it that the packages have the same one."""

VERSION = "0.1.0"
