"""Numbers that others printed: audit of tables, tests from summaries, the three papers."""
