"""The language, the time zone and the name of the machine."""

import re

from admin.action import Action, Reporter, Resource
from admin.dbus.systemd import Template, Unit
from admin.errors import HostError
from admin.host import Host
from bus.contract import ours as topics

LANGUAGE = Template("mycroft-language@.service", "[a-z]{2,3}_[A-Z]{2}", 300.0)
"""Generating a locale takes a minute on a Pi Zero."""

HOSTS = Unit("mycroft-hosts.service", 30.0)

_LANGUAGE_CODE = re.compile(r"([a-z]{2,3})[-_]([a-z]{2})", re.ASCII | re.IGNORECASE)
_TIMEZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,29}(/[A-Za-z][A-Za-z0-9_+-]{0,29}){0,2}", re.ASCII)
_HOSTNAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII | re.IGNORECASE)
"""One label of RFC 1123."""


async def set_language(host: Host, report: Reporter, language_code: str) -> None:
    parts = _LANGUAGE_CODE.fullmatch(language_code)
    if not parts:
        raise HostError("language_code is not of the form en_US")
    language, country = parts[1].lower(), parts[2].upper()
    if not host.locales.supports(f"{language}_{country}"):
        raise HostError(f"there is no locale {language}_{country}")
    await report(topics.CONFIGURING_LANGUAGE)
    await host.systemd.start(LANGUAGE.unit(f"{language}_{country}"))
    await report(topics.CONFIGURE_LANGUAGE_COMPLETE, lang=f"{language}-{country.lower()}")


async def set_timezone(host: Host, report: Reporter, timezone: str) -> None:
    if not _TIMEZONE.fullmatch(timezone):
        raise HostError("timezone is not of the form Europe/Berlin")
    await report(topics.CONFIGURING_TIMEZONE)
    await host.timedate.set_timezone(timezone)
    await report(topics.CONFIGURE_TIMEZONE_COMPLETE, timezone=timezone)


async def set_hostname(host: Host, report: Reporter, hostname: str) -> None:
    if not _HOSTNAME.fullmatch(hostname):
        raise HostError("hostname has other characters than letters, digits and inner hyphens, or more than 63")
    await report(topics.CONFIGURING_HOSTNAME)
    await host.hostname.set(hostname)
    await host.systemd.start(HOSTS)
    await report(topics.CONFIGURE_HOSTNAME_COMPLETE, hostname=hostname)


ACTIONS = (
    Action(
        topics.CONFIGURE_LANGUAGE,
        set_language,
        does="starts `mycroft-language@<language>.service`, which generates the locale where it is missing, and "
        "makes it that of the system. Only locales of `/usr/share/i18n/SUPPORTED` can be chosen. Programs that "
        "run keep their language until they are restarted",
        # An installation may generate locales, too, and a restart would leave half of one.
        occupies=frozenset({Resource.LANGUAGE, Resource.PACKAGES, Resource.POWER}),
        needs=(LANGUAGE,),
    ),
    Action(
        topics.CONFIGURE_TIMEZONE,
        set_timezone,
        does="sets the time zone, by timedated, which knows the valid ones",
        occupies=frozenset({Resource.TIME_ZONE}),
        needs=("org.freedesktop.timedate1.set-timezone",),
    ),
    Action(
        topics.CONFIGURE_HOSTNAME,
        set_hostname,
        does="sets the name of the machine, by hostnamed, and starts `mycroft-hosts.service`, which enters it in "
        "`/etc/hosts`",
        occupies=frozenset({Resource.NAME}),
        needs=("org.freedesktop.hostname1.set-static-hostname", HOSTS),
    ),
)
