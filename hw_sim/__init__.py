"""Stands in for the hardware of the device, for people without one and for tests. No daemon imports it."""
