"""Long random runs against the simulated hardware: what breaks only after hours. Not part of the tests."""
