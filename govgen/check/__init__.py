"""Looks for faults in documents, in the county as a whole, and in built pages."""
