"""The vocabulary all stages share: frozen dataclasses and nothing that acts."""
