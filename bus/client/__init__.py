"""A program's connection to the bus, and the dispatch of what arrives."""
