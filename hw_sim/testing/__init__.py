"""Devices for the tests of skills: the real bus and daemons on simulated hardware, in a thread.

`hw_sim.pytest_plugin` makes fixtures of them; docs/simulator.md describes both.
"""
