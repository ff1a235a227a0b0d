"""The county's information centre: every document of every site."""
