"""Looks: what the LEDs show over time, whatever their number. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Rgb = tuple[int, int, int]
"""A colour; each part 0 to 255."""

Frame = tuple[Rgb, ...]
"""The colour of each LED at one moment."""

BLACK: Rgb = (0, 0, 0)


class Animation(StrEnum):
    """How a look moves; the names are those of Neon's animations, but for STILL."""

    STILL = "still"
    BREATHE = "breathe"
    CHASE = "chase"
    FILL = "fill"
    REFILL = "refill"
    BOUNCE = "bounce"
    BLINK = "blink"
    ALTERNATING = "alternating"


@dataclass(frozen=True, slots=True)
class Look:
    """A colour that moves; with a `level` below 1 only that share of the LEDs is lit, from the first on."""

    colour: Rgb
    animation: Animation = Animation.STILL
    period_s: float = 1.0
    level: float = 1.0


@dataclass(frozen=True, slots=True)
class Pixels:
    """Places of a row in colours of their own, by the number of the place; the rest is dark."""

    colours: Mapping[int, Rgb]
    places: int


@dataclass(frozen=True, slots=True)
class Sides:
    """A colour on parts of a row, each around a point of it: 0 is the first LED, 1 that after the last."""

    colour: Rgb
    points: tuple[float, ...]


AnyLook = Look | Pixels | Sides

DARK = Look(BLACK)

MOST_DIM = 0.1
"""Lowest brightness of a look that breathes, 0 to 1: it is never dark, which would look as if it had ended."""

SIDE_SHARE = 1 / 8
"""How far from its point a side reaches, as a share of a row."""


def moves(look: AnyLook) -> bool:
    """Whether the look changes with time."""
    return isinstance(look, Look) and look.animation is not Animation.STILL and look.colour != BLACK


def frame(look: AnyLook, elapsed_s: float, count: int) -> Frame:
    """The frame of a look after a time on so many LEDs."""
    match look:
        case Pixels(colours, places):
            shown = [BLACK] * count
            for place, colour in colours.items():  # where several share an LED, the last one is seen
                shown[place * count // places] = colour
            return tuple(shown)
        case Sides(colour, points):
            return tuple(colour if _is_near(index, points, count) else BLACK for index in range(count))
        case Look():
            phase = elapsed_s / look.period_s % 1.0
            return tuple(_scaled(look.colour, _share(look, phase, index, count)) for index in range(count))


def _is_near(index: int, points: tuple[float, ...], count: int) -> bool:
    """Whether an LED is on one of the sides; each has an LED, however few there are."""
    reach = max(SIDE_SHARE * count, 0.5)
    distances = (abs(index - point * count) % count for point in points)
    return any(min(distance, count - distance) <= reach for distance in distances)


def _share(look: Look, phase: float, index: int, count: int) -> float:
    """The brightness of one LED, 0 to 1."""
    match look.animation:
        case Animation.STILL:
            return min(max(look.level * count - index, 0.0), 1.0)
        case Animation.BREATHE:
            return MOST_DIM + (1 - MOST_DIM) * _wave(phase)
        case Animation.BLINK:
            return float(phase < 0.5)
        case _ if count == 1:  # what moves along a ring comes and goes on a single LED
            return MOST_DIM + (1 - MOST_DIM) * _wave(phase)
        case Animation.CHASE:
            behind = (phase * count - index) % count
            return max(1 - behind / (count / 2), 0.0)
        case Animation.FILL:
            return float(index < phase * (count + 1))
        case Animation.REFILL:
            return float(index < (1 - abs(2 * phase - 1)) * (count + 1))
        case Animation.BOUNCE:
            return max(1 - abs((1 - abs(2 * phase - 1)) * (count - 1) - index), 0.0)
        case Animation.ALTERNATING:
            return float((index % 2 == 0) == (phase < 0.5))


def _wave(phase: float) -> float:
    """Up and down again, from bright to bright."""
    return (1 + math.cos(2 * math.pi * phase)) / 2


def _scaled(colour: Rgb, share: float) -> Rgb:
    return (round(colour[0] * share), round(colour[1] * share), round(colour[2] * share))


def dimmed(frame: Frame, brightness: float) -> Frame:
    """The frame at a brightness of 0 to 1. What is lit stays lit, unless that is 0."""
    least = 1 if brightness else 0

    def part(value: int) -> int:
        return max(round(value * brightness), least) if value else 0

    return tuple((part(r), part(g), part(b)) for r, g, b in frame)
