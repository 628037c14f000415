"""Rings, strips and single LEDs: the same looks on one LED, on three and on twelve."""
