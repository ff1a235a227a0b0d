"""Puts releases to their targets, switches them live, and looks whether they are what they should be."""
