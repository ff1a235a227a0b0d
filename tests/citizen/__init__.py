"""What citizens see, looked at and measured: the demo county as it is served, its types of page, its three looks."""
