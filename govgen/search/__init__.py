"""Makes the county's documents findable: what browsers load when a citizen searches."""
