"""The page on which a phone gives the device a wifi network: a process of its own, and admin's side of it."""
