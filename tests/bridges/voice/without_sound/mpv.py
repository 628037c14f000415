"""In the place of the module that plays sound, which needs a library and a sound server."""


class MPV:
    """Plays nothing."""
