-- One row per cell and layer: distribution of the final similarity to the start over runs.
-- key: origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure
select
    origin,
    study,
    dataset,
    backbone,
    pretraining,
    adaptation,
    n_blocks,
    variant,
    pooling,
    head,
    layer,
    token,
    probe,
    measure,
    mean,
    sd,
    minimum,
    low_quartile,
    median,
    high_quartile,
    maximum,
    n_runs,
    run_ids,
    analysis_id
from results.similarity_distributions
qualify row_number() over (
    partition by
        origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer,
        token, probe, measure
    order by analysis_id
) = 1
order by
    origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer,
    token, probe, measure
