"""The chips of a board are simulated here, too."""

from tests.enclosure.boards.conftest import _drivers_of_the_fakes_end_with_the_test, gpio, i2c

__all__ = ["_drivers_of_the_fakes_end_with_the_test", "gpio", "i2c"]
