import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclosure.leds.looks import BLACK, DARK, Animation, Look, dimmed, frame, moves
from enclosure.leds.wire import apa102, attiny, ktd2026, respeaker_usb, ws2812_pio

RED = (255, 0, 0)


@given(st.sampled_from(Animation), st.floats(0, 100), st.sampled_from([1, 3, 12]), st.floats(0, 1))
def test_each_look_has_a_colour_for_each_led(
    animation: Animation, elapsed_s: float, count: int, level: float
) -> None:
    shown = frame(Look((255, 128, 0), animation, level=level), elapsed_s, count)
    assert len(shown) == count
    assert all(0 <= part <= 255 for led in shown for part in led)


@pytest.mark.parametrize("animation", [animation for animation in Animation if animation is not Animation.STILL])
@pytest.mark.parametrize("count", [1, 3, 12])
def test_each_motion_moves_and_repeats(animation: Animation, count: int) -> None:
    look = Look(RED, animation, period_s=2.0)
    frames = [frame(look, step / 8, count) for step in range(32)]
    assert len(set(frames)) > 1
    assert frames[:16] == frames[16:]


def test_what_is_dark_or_still_does_not_move() -> None:
    assert not moves(Look(RED))
    assert not moves(Look(BLACK, Animation.CHASE))
    assert moves(Look(RED, Animation.CHASE))


@pytest.mark.parametrize(("level", "lit"), [(0.0, 0), (0.25, 3), (0.5, 6), (1.0, 12)])
def test_an_arc_lights_its_share_of_a_ring(level: float, lit: int) -> None:
    assert frame(Look(RED, level=level), 0, 12) == (RED,) * lit + (BLACK,) * (12 - lit)


def test_an_arc_on_a_single_led_is_its_brightness() -> None:
    assert frame(Look(RED, level=0.5), 0, 1) == ((128, 0, 0),)


def test_what_is_lit_stays_lit_however_dim() -> None:
    assert dimmed((RED, BLACK), 0.001) == ((1, 0, 0), BLACK)
    assert dimmed((RED, BLACK), 0) == (BLACK, BLACK)
    assert frame(DARK, 1, 2) == (BLACK, BLACK)


def test_apa102_leds_get_blue_green_and_red_between_start_and_clocks() -> None:
    assert apa102(((1, 2, 3), (4, 5, 6))) == bytes.fromhex("00000000 ff030201 ff060504 ffffffff")


@pytest.mark.parametrize("count", [1, 12, 64, 100])
def test_apa102_leds_get_a_clock_for_every_two(count: int) -> None:
    assert 8 * (len(apa102((BLACK,) * count)) - 4 - 4 * count) >= count / 2


def test_the_ring_of_an_r6_takes_two_writes_of_an_smbus_block() -> None:
    ring = tuple((index, 100, 200) for index in range(12))
    writes = attiny(ring)
    assert [(first, len(data)) for first, data in writes] == [(0, 30), (10, 6)]
    assert b"".join(data for _, data in writes) == b"".join(bytes(led) for led in ring)


@pytest.mark.parametrize(
    ("colour", "writes"),
    [
        ((255, 0, 1), [(0x00, 0x00), (0x06, 191), (0x07, 0), (0x08, 0), (0x04, 0b01_00_01)]),
        ((0, 128, 0), [(0x00, 0x00), (0x06, 0), (0x07, 95), (0x08, 0), (0x04, 0b00_01_00)]),
        (BLACK, [(0x00, 0x00), (0x06, 0), (0x07, 0), (0x08, 0), (0x04, 0)]),
    ],
)
def test_a_ktd2026_has_a_current_and_a_switch_for_each_colour(
    colour: tuple[int, int, int], writes: list[tuple[int, int]]
) -> None:
    assert ktd2026(colour) == writes


def test_leds_behind_a_driver_of_their_own_get_four_bytes_each() -> None:
    assert respeaker_usb(((1, 2, 3), (4, 5, 6))) == bytes((1, 2, 3, 0, 4, 5, 6, 0))


def test_a_ws2812_is_as_bright_as_other_leds_after_the_correction_of_its_driver() -> None:
    for part in range(256):
        (corrected, *_) = ws2812_pio(((part, 0, 0),))
        assert abs(255 * (corrected / 255) ** (1 / 0.45) - part) <= 2
