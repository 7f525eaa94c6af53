"""From rows of the warehouse to rows of results: what one analysis of a run consists of."""
