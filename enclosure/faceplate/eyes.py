"""The eyes as they should look, in layers, and the lines that make the firmware show it. Pure.

The layers, top first: volume ring, skill content, activity, rest. Every method returns the scenes to play from
then on, or None where what can be seen stays as it is.

With the eyes OPEN, as after ``eyes.reset``, the firmware repaints them all the time and samples nothing else for
42 ms in a row: of 20 detents of the knob that are 12 ms apart 6 arrive. After ``eyes.set`` of one pixel, in the
colour that it has anyway, all 20 do (the real firmware v1.4.2, measured). So open eyes are made with ``eyes.set``
and ``eyes.color``, and an animation that ends OPEN is followed by them.
"""

from collections.abc import Callable, Iterator, Sequence

from enclosure.activity import Activity, Leaving
from enclosure.display import (
    EyesAction,
    EyesBlink,
    EyesColor,
    EyesCommand,
    EyesFill,
    EyesLevel,
    EyesLook,
    EyesPixel,
    EyesTimedSpin,
    EyesVolume,
)
from enclosure.faceplate.protocol import lines
from enclosure.faceplate.scene import REFRESH_S, Scene, Scenes

PIXELS = 24

RING_S = 3.0
"""How long a volume ring stands, as the firmware has it for open eyes."""

RING_STEPS = 11
"""The highest level of a volume ring."""

BLINK_S = 0.35
UNDO_S = 0.6
"""A blink takes 270 ms, a look or narrowed eyes that have to be undone first 300 to 560 (measured)."""

REFILL_S = 0.9
"""How long the firmware refills eyes whose spin it has ended itself (0.7 s, measured)."""

FADE_S = 0.001
"""A level is followed by the rest of what the eyes show, unless another one waits already, as in a fade."""

SPIN_MS, SPIN_S = 32000, 30.0
"""A timed spin of nearly the longest there is (the firmware counts in 16 bits), and when it is sent again."""

OFF_MS = 12000
"""How long the eyes spin before they stay dark when the machine goes off."""

ASLEEP_LEVEL = 12
FADE_STEP = 2
MUTED_COLOR = EyesColor(255, 0, 0)
LEAVING_COLOR = EyesColor(70, 65, 69)
"""As the Mark 1 has always looked when it goes off."""

DARK = EyesColor(0, 0, 0)

Pose = EyesLook | EyesAction
"""Eyes that look somewhere, spin or are narrow."""

_EYE_LIT = {"u": {0, 11}, "d": {4, 5, 6, 7}, "l": {1, 2, 3}, "r": {8, 9, 10}}
_LIT: dict[Pose, set[int]] = {
    **{EyesLook(side): {*eye, *(12 + pixel for pixel in eye)} for side, eye in _EYE_LIT.items()},
    EyesLook("c"): {8, 9, 10, 14, 15, 16},
    EyesAction.NARROW: {2, 3, 8, 9, 14, 15, 20, 21},
}
"""The pixels that a pose leaves lit (measured)."""


class Eyes:
    """What each layer of the eyes shows; `color` and `level` are those of the eyes at rest."""

    def __init__(
        self, color: EyesColor, level: EyesLevel, now: Callable[[], float], mouth_busy: Callable[[], bool]
    ) -> None:
        self.color = color
        self.level = level
        self._now = now
        self._mouth_busy = mouth_busy
        self._content: Pose | Sequence[EyesColor] | None = None
        """What a skill shows: a pose, or a colour for each pixel."""
        self._spins_until = 0.0
        self._activity = Activity()
        self._passing = False
        """Whether what is seen now, such as a volume ring, gives way to what stands below it."""
        self._endless_spin = False
        """Whether the firmware shows a spin that it ends as soon as something comes on the mouth."""

    @property
    def pixels(self) -> Sequence[EyesColor]:
        """The colour of each pixel as it was asked for, at full brightness."""
        return self._content if isinstance(self._content, Sequence) else (self._shown_color,) * PIXELS

    def show(self, command: EyesCommand) -> Scenes:
        """Shows what a message asks for."""
        match command:
            case EyesVolume():
                return self._for_a_while(command, RING_S)
            case EyesBlink():
                posed = self._drop_pose()
                return self._for_a_while(command, BLINK_S + (UNDO_S if posed else 0))
            case EyesLevel():
                self.level = command
                return self._for_a_while(self._shown_level, FADE_S)
            case EyesColor():
                self.color = command
                self._spins_until = 0.0
                if self._content != EyesAction.SPIN:
                    self._content = None
                return self._standing(lines(self._shown_color) if self._pose else ())
            case EyesTimedSpin():
                self._drop_pose()
                self._spins_until = self._now() + command.ms / 1000
                return self._standing()
        # What moves, such as a look that has just begun, may have left any pixels.
        moving = self._spins or self._passing or self._pose is not None
        self._spins_until = 0.0
        match command:
            case EyesPixel():
                pixels = [*self._pixels_lit]
                pixels[command.index] = command.color
                self._content = pixels
                return self._standing() if moving else self._still(pixels, lines(command))
            case EyesFill(last):
                self._content = [self._shown_color] * (last + 1) + [DARK] * (PIXELS - last - 1)
                return self._still(self._content, lines(command)) if last + 1 < PIXELS else self._standing()
            case EyesAction.WIDEN | EyesAction.UNLOOK:
                self._drop_pose()
                return self._for_a_while(command, UNDO_S)
            case EyesAction.OFF:
                self._content = [DARK] * PIXELS
            case EyesAction.ON:
                self._content = [self._shown_color] * PIXELS
            case EyesAction.RESET:
                self._content = None
            case EyesLook() | EyesAction():
                self._content = command
        return self._standing()

    def show_volume(self, level: float) -> Scenes:
        """Shows a level, 0 to 1, for a moment."""
        return self.show(EyesVolume(round(level * RING_STEPS)))

    def indicate(self, activity: Activity) -> Scenes | None:
        """Shows what the assistant is doing now. A change that the eyes show takes the place of skill content."""
        before = self._look
        color, level, was_asleep = self._shown_color, self._shown_level, self._activity.asleep
        self._activity = activity
        if self._look == before:
            return None
        self._content, self._spins_until = None, 0.0
        changed: list[str] = []
        if activity.asleep and not was_asleep:
            for step in range(level.level, self._shown_level.level, -FADE_STEP):
                changed += lines(EyesLevel(step))
        if self._shown_level != level:
            changed += lines(self._shown_level)
        if self._shown_color != color and self._pose:
            changed += lines(self._shown_color)
        if was_asleep and not activity.asleep and self._pose is None:
            return self._woken(changed)
        return self._standing(changed)

    def mouth_filled(self) -> Scenes | None:
        """Something else is on the mouth now, which ends a spin that a skill has begun."""
        if self._content == EyesAction.SPIN:
            self._content = None
            return self._refilled()
        return self._standing() if self._endless_spin else None

    def restored(self) -> Scenes:
        """The scenes for eyes of which nothing is known, as those of a faceplate that has been reset."""
        return self._standing((*lines(self._shown_level), *lines(self._shown_color)))

    def refreshed(self) -> Scenes | None:
        """The scenes after the firmware's menu; None where the next of the present ones will do."""
        if self._activity.asleep:
            return self.restored()  # the menu has set the level of eyes that are awake
        return self._standing() if self._spins else None  # a text on the mouth may have ended it

    @property
    def _look(self) -> tuple[object, ...]:
        """What can be seen of the activity."""
        activity = self._activity
        return activity.leaving, activity.booting, activity.asleep, self._shown_color, self._shown_level

    @property
    def _shown_color(self) -> EyesColor:
        if self._activity.leaving:
            return LEAVING_COLOR
        return MUTED_COLOR if self._activity.muted else self.color

    @property
    def _shown_level(self) -> EyesLevel:
        return EyesLevel(min(self.level.level, ASLEEP_LEVEL)) if self._activity.asleep else self.level

    @property
    def _pose(self) -> Pose | None:
        if self._content is not None:
            return None if isinstance(self._content, Sequence) else self._content
        if self._activity.leaving or self._activity.booting:
            return EyesAction.SPIN
        return EyesLook("d") if self._activity.asleep else None

    @property
    def _spins(self) -> bool:
        return self._pose == EyesAction.SPIN or self._spins_until > self._now()

    @property
    def _pixels_lit(self) -> Sequence[EyesColor]:
        """What each pixel shows while the eyes do not move."""
        pose = self._pose
        if pose is None or pose == EyesAction.SPIN:
            return self.pixels
        return [self._shown_color if index in _LIT[pose] else DARK for index in range(PIXELS)]

    def _drop_pose(self) -> bool:
        """Ends the pose that a skill has asked for, but leaves its pixels; returns whether the eyes had one."""
        posed = self._pose is not None
        self._spins_until = 0.0
        if not isinstance(self._content, Sequence):
            self._content = None
        return posed

    def _for_a_while(self, command: EyesCommand, lasts_s: float) -> Scenes:
        yield self._scene(lines(command), lasts_s, passing=True)
        yield from self._standing()

    def _woken(self, before: Sequence[str]) -> Scenes:
        yield self._scene((*before, *lines(EyesBlink("b"))), UNDO_S + BLINK_S, passing=True)
        yield from self._standing()

    def _refilled(self) -> Scenes:
        yield self._scene((), REFILL_S, passing=True)
        yield from self._standing()

    def _standing(self, before: Sequence[str] = ()) -> Scenes:
        """The scenes of what is seen until something else is shown, on eyes that may show anything."""
        pose, left_s = self._pose, self._spins_until - self._now()
        if left_s > 0:
            yield self._scene((*before, *lines(EyesTimedSpin(max(round(left_s * 1000), 1)))), left_s)
            yield from self._standing()
        elif pose == EyesAction.SPIN:
            yield from self._spin(before)
        elif pose is not None:
            yield from self._still(self._pixels_lit, (*before, *lines(pose)), posed=True)
        else:
            yield from self._still(self.pixels, (*before, *_painted(self.pixels, self._shown_color)))

    def _spin(self, before: Sequence[str]) -> Scenes:
        if self._content is None and self._activity.leaving is Leaving.SHUTDOWN:
            yield self._scene((*before, *lines(EyesTimedSpin(OFF_MS))), OFF_MS / 1000)
            yield self._scene(lines(EyesAction.OFF), REFRESH_S)
            return
        while self._mouth_busy():  # then the firmware shows only spins that end
            yield self._scene((*before, *lines(EyesTimedSpin(SPIN_MS))), SPIN_S)
            before = ()
        scene = self._scene((*before, *lines(EyesAction.SPIN)), SPIN_S)
        self._endless_spin = True
        yield scene

    def _still(self, pixels: Sequence[EyesColor], first: Sequence[str], *, posed: bool = False) -> Scenes:
        """Eyes that do not move. The firmware's menu lights them all, so those that are not lit are set again.

        Once all of a pose: an animation that was cut short may have followed it (the firmware keeps one queued).
        """
        color = self._shown_color
        again = tuple(
            line for index, pixel in enumerate(pixels) if pixel != color for line in lines(EyesPixel(index, pixel))
        )
        yield self._scene(first, REFRESH_S)
        if posed:
            every = (line for index, pixel in enumerate(pixels) for line in lines(EyesPixel(index, pixel)))
            yield Scene(tuple(every), REFRESH_S, patient=True)
        while again:
            yield Scene(lines(EyesAction.OFF) if set(pixels) == {DARK} else again, REFRESH_S, patient=True)

    def _scene(self, lines: Sequence[str], lasts_s: float, *, passing: bool = False) -> Scene:
        self._endless_spin = False
        self._passing = passing
        return Scene(lines, lasts_s)


def _painted(pixels: Sequence[EyesColor], color: EyesColor) -> Iterator[str]:
    """Lines that give each pixel its colour, whatever the eyes show."""
    if pixels.count(DARK) > PIXELS // 2:
        ground = DARK
        yield from lines(EyesAction.OFF)
    else:
        ground = color
        yield from lines(EyesPixel(0, color))
        yield from lines(color)
    for index, pixel in enumerate(pixels):
        if pixel != ground:
            yield from lines(EyesPixel(index, pixel))
