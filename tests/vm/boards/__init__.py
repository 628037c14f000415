"""Checks of boards on a real kernel's GPIO, I2C, input devices and sound, and the hands for them."""
