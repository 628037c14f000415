"""The steps of wifi setup, one by one and in any order."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from admin.wifi.networks import Choice
from admin.wifi.outcome import Failure
from admin.wifi.setup import (
    GUEST_GONE_S,
    IDLE_S,
    OPENING_S,
    TRY_S,
    Cancelled,
    Chosen,
    Close,
    Effect,
    Event,
    Guests,
    Join,
    Joined,
    JoiningFailed,
    Lost,
    Open,
    Opened,
    OpeningFailed,
    Report,
    Setup,
    Start,
    Step,
    Tick,
)

HOME = Choice(b"home", "correct horse")
CANCELLED = (Close(restore=True), Report.DOWN)


class User:
    """A setup, and the time."""

    def __init__(self, *events: Event) -> None:
        self.setup = Setup()
        self.now = 1000.0
        for event in events:
            self.do(event)

    def do(self, event: Event) -> tuple[Effect, ...]:
        return self.setup.handle(event, self.now)

    def wait(self, seconds: float) -> tuple[Effect, ...]:
        self.now += seconds
        return self.do(Tick())


OPEN = (Start(), Opened())
JOINED = (*OPEN, Guests(1))
TRYING = (*JOINED, Chosen(HOME))


def test_the_way_of_an_owner_with_a_phone() -> None:
    user = User()
    assert user.do(Start()) == (Open(scan=True),)
    assert user.do(Opened()) == (Report.UP,)
    assert user.do(Guests(1)) == (Report.GUEST_JOINED,)
    assert user.do(Chosen(HOME)) == (Report.TRYING, Join(HOME))
    assert user.do(Joined()) == (Close(restore=False), Report.CONNECTED, Report.DOWN)
    assert user.setup.step is Step.CLOSED


def test_after_a_failed_attempt_the_access_point_is_back_with_the_reason_and_without_a_scan() -> None:
    user = User(*TRYING)
    assert user.do(JoiningFailed(Failure.WRONG_PASSWORD)) == (Report.FAILED, Open(scan=False))
    assert user.do(Opened()) == (Report.UP,)
    assert user.setup.failure is Failure.WRONG_PASSWORD
    user.do(Chosen(HOME))
    assert user.setup.failure is None


def test_an_access_point_without_a_guest_closes_after_a_time() -> None:
    user = User(*OPEN)
    assert user.wait(IDLE_S - 1) == ()
    assert user.wait(1) == CANCELLED


def test_an_access_point_that_may_not_time_out_stays_open() -> None:
    user = User(Start(allow_timeout=False), Opened())
    assert user.setup.deadline is None
    assert user.wait(10 * IDLE_S) == ()
    assert user.setup.step is Step.OPEN


def test_a_guest_may_be_away_for_a_moment() -> None:
    user = User(*JOINED, Guests(0))
    assert user.wait(GUEST_GONE_S - 1) == ()
    user.do(Guests(1))
    assert user.wait(GUEST_GONE_S) == ()
    user.do(Guests(0))
    assert user.wait(GUEST_GONE_S) == (Report.GUEST_LEFT,)
    assert user.wait(IDLE_S) == CANCELLED


def test_a_guest_who_stays_keeps_the_access_point_open() -> None:
    assert User(*JOINED).wait(10 * IDLE_S) == ()


def test_an_access_point_that_does_not_open_is_an_error() -> None:
    user = User(Start())
    assert user.do(OpeningFailed("no wifi device")) == (Close(restore=True), Report.ERROR)
    assert user.setup.error == "no wifi device"
    assert User(Start()).wait(OPENING_S) == (Close(restore=True), Report.ERROR)


def test_another_program_that_takes_the_radio_keeps_it() -> None:
    user = User(*JOINED)
    assert user.do(Lost()) == (Close(restore=False), Report.ERROR)
    assert user.setup.error == "another program has taken the radio"


def test_an_attempt_that_takes_too_long_has_failed() -> None:
    user = User(*TRYING)
    assert user.wait(TRY_S) == (Report.FAILED, Open(scan=False))
    assert user.setup.failure is Failure.NO_ANSWER


def test_a_choice_that_cannot_be_a_network_is_ignored() -> None:
    for choice in (Choice(b""), Choice(b"x" * 33), Choice(b"home", "x" * 1000)):
        assert User(*JOINED).do(Chosen(choice)) == ()


def test_the_password_is_in_no_text_and_not_kept() -> None:
    assert "correct horse" not in repr(Chosen(HOME))
    user = User(*TRYING, Joined())
    assert user.setup.choice == Choice(b"home")


class AnyOrder(RuleBasedStateMachine):
    """A radio that does what the setup asks for, and users and transmitters that do anything."""

    def __init__(self) -> None:
        super().__init__()
        self.setup = Setup()
        self.now = 0.0
        self.asked: Open | Join | Close = Close(restore=True)
        """The last command for the radio."""
        self.network_before = True
        """Whether the network from before is in use, or will be restored."""

    def handle(self, event: Event) -> None:
        for effect in self.setup.handle(event, self.now):
            if not isinstance(effect, Report):
                self.asked = effect
            if isinstance(effect, Close):
                self.network_before = effect.restore or isinstance(event, Joined | Lost)

    @rule(allow_timeout=st.booleans())
    def start(self, allow_timeout: bool) -> None:
        self.handle(Start(allow_timeout))
        assert self.setup.step is not Step.CLOSED

    @rule()
    def open(self) -> None:
        self.handle(Opened())

    @rule()
    def fail_to_open(self) -> None:
        self.handle(OpeningFailed("no"))

    @rule()
    def lose_the_radio(self) -> None:
        self.handle(Lost())

    @rule(count=st.integers(0, 3))
    def count_guests(self, count: int) -> None:
        self.handle(Guests(count))

    @rule(ssid=st.binary(max_size=33), password=st.text(max_size=3), hidden=st.booleans())
    def choose(self, ssid: bytes, password: str, hidden: bool) -> None:
        self.handle(Chosen(Choice(ssid, password, hidden)))

    @rule()
    def join(self) -> None:
        self.handle(Joined())

    @rule(failure=st.sampled_from(Failure))
    def fail_to_join(self, failure: Failure) -> None:
        self.handle(JoiningFailed(failure))

    @rule()
    def cancel(self) -> None:
        self.handle(Cancelled())
        assert self.setup.step is Step.CLOSED
        assert isinstance(self.asked, Close)

    @precondition(lambda self: self.setup.deadline is not None)
    @rule()
    def wait_for_the_deadline(self) -> None:
        self.now = self.setup.deadline or 0.0
        self.handle(Tick())
        assert self.setup.deadline is None or self.setup.deadline > self.now

    @rule(seconds=st.floats(0, 1000))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.handle(Tick())

    @invariant()
    def the_radio_does_what_the_step_says(self) -> None:
        expected = {Step.CLOSED: Close, Step.OPENING: Open, Step.TRYING: Join}.get(self.setup.step, Open)
        assert isinstance(self.asked, expected)

    @invariant()
    def a_closed_setup_leaves_a_network(self) -> None:
        if self.setup.step is Step.CLOSED:
            assert self.network_before
            assert self.setup.deadline is None

    @invariant()
    def a_step_that_must_end_has_a_deadline(self) -> None:
        if self.setup.step in (Step.OPENING, Step.TRYING):
            assert self.setup.deadline is not None


TestAnyOrder = AnyOrder.TestCase


@given(st.sampled_from([Opened(), OpeningFailed("no"), Guests(1), Chosen(HOME), Joined(), Cancelled(), Tick()]))
def test_a_closed_setup_only_starts(event: Event) -> None:
    assert Setup().handle(event, 0.0) == ()
