"""Fine-tunes, measures, records: the only package that knows torch, timm and open_clip."""
