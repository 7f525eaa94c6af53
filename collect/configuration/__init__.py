"""A study file becomes a grid of runs, each with its id; what is there and what the rest costs."""
