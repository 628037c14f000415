"""Who may have the machine changed: the bus asks before it relays, and the admin service again."""

import grp
import os
import pwd
from collections.abc import Container

ADMIN_GROUP = ADMIN_USER = "mycroft-admin"
SERVICE_USERS = ("mycroft", ADMIN_USER)

FIRST_LOGIN_UID = 1000
"""Debian gives lower numbers to system users. A login user, whose programs are no service, may have any name."""


def may_administer(uid: int | None) -> bool:
    """Whether a user may have the machine changed; a daemon's own user may, it could do so without the daemon."""
    if uid is None:
        return False
    if is_service(uid):
        return True
    try:
        user = pwd.getpwuid(uid)
        groups = os.getgrouplist(user.pw_name, user.pw_gid)
        return grp.getgrnam(ADMIN_GROUP).gr_gid in groups
    except KeyError:
        return False  # no such user, or no such group


def is_service(uid: int | None) -> bool:
    """Whether a user is root, a service of the device, or this daemon's own user."""
    return uid is not None and (uid in (0, os.getuid()) or is_system_user(uid, SERVICE_USERS))


def may_receive_passwords(uid: int | None) -> bool:
    """Whether a user is root or the admin service; or the daemon's own login user, in a test."""
    if uid is None:
        return False
    return uid == 0 or (uid == os.getuid() >= FIRST_LOGIN_UID) or is_system_user(uid, (ADMIN_USER,))


def is_system_user(uid: int, names: Container[str]) -> bool:
    """Whether a user is a system user of one of these names."""
    try:
        return uid < FIRST_LOGIN_UID and pwd.getpwuid(uid).pw_name in names
    except KeyError:
        return False
