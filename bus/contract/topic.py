"""The parts of a message type: fields, senders, receivers, source. Pure."""

import contextlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, ParamSpec

from bus.errors import PayloadError

_P = ParamSpec("_P")


class _Required(Enum):
    REQUIRED = "required"


REQUIRED = _Required.REQUIRED

SOURCES: Mapping[str, str] = {
    "doc": "the Mycroft documentation's message tables",
    "mc": "mycroft-core",
    "adm": "mycroft-wifi-setup: its admin service and its portal",
    "vol": "Mycroft's skill-volume",
    "dink": "mycroft-dinkum (Mark II)",
    "ovos": "ovos-core, ovos-audio, ovos-workshop and skills of OVOS",
    "odl": "ovos-dinkum-listener",
    "mk1": "ovos-PHAL-plugin-mk1",
    "opm": "ovos-plugin-manager",
    "sys": "ovos-PHAL-plugin-system",
    "alsa": "ovos-PHAL-plugin-alsa",
    "pulse": "ovos-PHAL-plugin-pulseaudio",
    "nm": "ovos-PHAL-plugin-network-manager",
    "wifi": "ovos-PHAL-plugin-wifi-setup",
    "phal": "other PHAL plugins of OVOS",
    "neon": "Neon's PHAL plugins",
    "ours": "this project",
}
"""The abbreviations of `Topic.source`."""


class Family(StrEnum):
    """The subject of a message; the documentation has one section for each, in this order."""

    BUS = "The bus itself"
    EYES = "Eyes"
    MOUTH = "Mouth"
    DEVICE = "Faceplate as a whole"
    VOLUME = "Volume"
    VOICE = "Listening and speaking"
    LIFECYCLE = "Start, readiness and connectivity"
    ADMIN = "Administration"
    WIFI = "Wifi"
    PLAYBACK = "Music and other playback"
    SKILLS = "Skills"
    INTENTS = "Intents"
    HARDWARE = "Other hardware"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message's data: the values that it may have, and its default."""

    name: str
    kind: type
    """int, float, str, bool, list, dict, or object for anything. 3.0 counts as an int, and "3" as a number."""
    default: Any = REQUIRED
    """None: the field is optional."""
    low: float | None = None
    high: float | None = None
    """A field with a highest value also has a lowest one."""
    meaning: str = ""
    unit: str = ""
    choices: tuple[str, ...] = ()
    """The only values that a text may have; empty for any."""

    def read(self, data: Mapping[str, Any]) -> Any:
        """The value in `data`, numbers clamped to the range. Raises PayloadError."""
        value = data.get(self.name)
        if value is None:
            if self.default is REQUIRED:
                raise PayloadError(f"{self.name} is missing")
            return self.default
        if self.kind in (int, float):
            number = self._clamped(self._number(value))
            return round(number) if self.kind is int else number
        if self.kind is bool and isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"  # mycroft's clearPrev is one or the other
        if not isinstance(value, self.kind):
            raise PayloadError(f"{self.name} is not {_NAMES[self.kind]}")
        if self.choices and value not in self.choices:
            raise PayloadError(f"{self.name} is none of {', '.join(self.choices)}")
        return value

    def problem(self, data: Mapping[str, Any]) -> str | None:
        """The fault of this field in `data`, also one that `read` tolerates; None: it has none."""
        try:
            self.read(data)
        except PayloadError as error:
            return str(error)
        if self.kind in (int, float) and data.get(self.name) is not None:
            number = self._parsed(data[self.name])
            if self._clamped(number) != number:
                return f"{self.name} is {number}, outside {self.limits}"
        return None

    @property
    def limits(self) -> str:
        """The range or the choices in words; empty if there are none."""
        if self.choices:
            return ", ".join(self.choices)
        if self.low is None:
            return ""
        if self.high is None:
            return f"{self.low:g} or more"
        return f"{self.low:g}..{self.high:g}"

    def _number(self, value: object) -> float:
        number = self._clamped(self._parsed(value))
        return round(number) if self.kind is int else float(number)

    def _parsed(self, value: object) -> float:
        """A number, or a text that is one, as Mycroft and OVOS convert it. Raises PayloadError."""
        if isinstance(value, str):
            with contextlib.suppress(ValueError):
                value = int(value) if value.strip().isdecimal() else float(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise PayloadError(f"{self.name} is not a number")
        with contextlib.suppress(OverflowError):
            if math.isfinite(value):
                return value
        raise PayloadError(f"{self.name} is too large a number")

    def _clamped(self, number: float) -> float:
        if self.low is not None:
            number = max(number, self.low)
        if self.high is not None:
            number = min(number, self.high)
        return number


_NAMES = {str: "a text", bool: "true or false", list: "a list", dict: "an object"}


@dataclass(frozen=True, slots=True)
class Topic:
    """One message type."""

    name: str
    summary: str
    fields: tuple[Field, ...] = ()
    source: str = "mc"
    """Abbreviations of SOURCES where the type is from, with spaces between them."""
    alias: str | None = None
    """Its other name, of OVOS 2.x or of older Mycroft. A program that handles it handles both."""
    family: Family = Family.BUS
    emitted_by: str = "any program"
    handled_by: str = "any program"
    planned: str | None = None
    """The daemon of this project that does not handle, or emit, this type yet."""
    replies: tuple[str, ...] = ()
    """Its answers and reports, in order. Any request may also be answered with ``<type>.failed``."""
    privileged: bool = False
    """Whether the bus accepts it only from root, the service users and the group mycroft-admin."""
    confidential: bool = False
    """Whether the bus delivers it to the admin service alone; it carries a password."""
    unread: tuple[Field, ...] = ()
    """Fields that senders may add and that our handlers do not use; `read` leaves them out."""
    more: str = ""
    """The other content of the data, where the names of the fields are not fixed."""

    @property
    def names(self) -> tuple[str, ...]:
        """Its name, and its other name if it has one."""
        return (self.name, self.alias) if self.alias else (self.name,)

    @property
    def sender(self) -> str:
        """The programs that emit it; those that do not yet are marked."""
        return self._marked(self.emitted_by)

    @property
    def receiver(self) -> str:
        """The programs that handle it; those that do not yet are marked."""
        return self._marked(self.handled_by)

    @property
    def documented(self) -> tuple[Field, ...]:
        """All fields, also the unread ones."""
        return self.fields + self.unread

    def read(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of a message's data, checked and complete; unknown ones are left out. Raises PayloadError."""
        return {field.name: field.read(data) for field in self.fields}

    def problems(self, data: Mapping[str, Any]) -> list[str]:
        """The faults of a message's data, in words."""
        found = [problem for field in self.documented if (problem := field.problem(data))]
        if not self.more:
            names = [field.name for field in self.documented]
            known = f"it has {', '.join(names)}" if names else "it has none"
            found += [f"{name} is no field of {self.name}; {known}" for name in data if name not in names]
        return found

    def _marked(self, programs: str) -> str:
        return ", ".join(f"{name} (planned)" if name == self.planned else name for name in programs.split(", "))


class Registry:
    """Topics, in the order in which they are added."""

    def __init__(self) -> None:
        self._topics: list[Topic] = []

    @property
    def topics(self) -> tuple[Topic, ...]:
        """The topics that have been added so far."""
        return tuple(self._topics)

    def adding(self, make: Callable[_P, Topic]) -> Callable[_P, Topic]:
        """A function like `make` that also adds the topic."""

        def add(*args: _P.args, **kwargs: _P.kwargs) -> Topic:
            topic = make(*args, **kwargs)
            self._topics.append(topic)
            return topic

        return add
