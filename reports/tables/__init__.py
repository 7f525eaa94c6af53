"""Tables as data, and as LaTeX, Markdown and HTML."""
