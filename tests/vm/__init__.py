"""A small virtual machine with Debian 13's own kernel: real GPIO, I2C, input devices and a sound card."""
