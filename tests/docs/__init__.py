"""The documentation: what it says to type works, and its site is in order."""
