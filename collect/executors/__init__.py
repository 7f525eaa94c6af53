"""Ways to execute many runs."""
