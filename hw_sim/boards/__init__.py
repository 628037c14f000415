"""Chips of a board, with a memory, behind the names of the libraries that drive them."""
