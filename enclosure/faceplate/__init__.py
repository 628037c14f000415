"""The serial faceplate of the Mark 1, seen from the host."""
