"""Names in a study file that stand for a backbone together with its weights."""

# The identity of a run has the pair: these names can be used or not, its id is the same.
WITH_WEIGHTS = {
    f"miniature_{name}": ("miniature_vit", name)
    for name in ("supervised", "contrastive", "selfsupervised")
}
