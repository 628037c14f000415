"""How fast the bus is, as ratios against ovos-messagebus in the same run. Numbers to look at, no tests."""
