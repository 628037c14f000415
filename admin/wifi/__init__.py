"""Wifi: the networks in range, the outcome of an attempt to join one, and the setup by phone."""
