import pytest

from bus.dispatch import Dispatcher
from bus.message import Message
from enclosure.faceplate.frames import Event, Pressed, Turned, Unknown
from enclosure.handlers.buttons import KNOB, ButtonHandler


class Device:
    def __init__(self) -> None:
        self.said: list[Message] = []
        self.dispatcher = Dispatcher(self.emit)
        self.buttons = ButtonHandler(self.dispatcher, self.emit)

    async def emit(self, message: Message) -> None:
        self.said.append(message)


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (Turned(1), [Message("mycroft.volume.increase", {"play_sound": True}, {"source": KNOB})]),
        (Turned(-1), [Message("mycroft.volume.decrease", {"play_sound": True}, {"source": KNOB})]),
        (Unknown("x"), []),
    ],
)
async def test_the_knob_is_the_volume(event: Event, said: list[Message]) -> None:
    device = Device()
    await device.buttons.take(event)
    assert device.said == said


@pytest.mark.parametrize(
    ("before", "pressed"),
    [
        ([], "mycroft.mic.listen"),
        (["recognizer_loop:audio_output_start"], "mycroft.stop"),
        (["recognizer_loop:record_begin"], "mycroft.stop"),
        (["ovos.audio.output.started"], "mycroft.stop"),
        (["recognizer_loop:audio_output_start", "recognizer_loop:audio_output_end"], "mycroft.mic.listen"),
        (["recognizer_loop:audio_output_start", "recognizer_loop:record_end"], "mycroft.stop"),
        (["recognizer_loop:audio_output_start", "mycroft.stop"], "mycroft.mic.listen"),
    ],
)
async def test_a_press_stops_what_goes_on_else_it_starts_to_listen(before: list[str], pressed: str) -> None:
    device = Device()
    for msg_type in before:
        await device.dispatcher(Message(msg_type))
    await device.buttons.take(Pressed())
    assert [message.msg_type for message in device.said] == [pressed]
