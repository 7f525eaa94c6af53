"""Where a representation goes: similarity space, trajectories, predictions, forgetting."""
