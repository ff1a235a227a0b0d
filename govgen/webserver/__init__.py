"""Configuration of the web server that citizens reach, made from the sites' settings."""
