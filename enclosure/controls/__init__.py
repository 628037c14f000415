"""Gestures at buttons, switches and encoders, from the edges of their lines. Pure.

Times are seconds of CLOCK_MONOTONIC, as the kernel stamps them on edges; it is the clock of the event loop, too.
"""
