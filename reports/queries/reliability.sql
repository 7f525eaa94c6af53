-- One row per cell and bin of confidence on the held-out fold: how confident, and how often right.
-- key: origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, confidence_source, token, n_neighbours, bin
select
    analysis_id,
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
    confidence_source,
    token,
    n_neighbours,
    bin,
    lower,
    upper,
    confidence,
    accuracy,
    ci_low,
    ci_high,
    level,
    n_forecasts,
    n_patients,
    n_effective,
    ece,
    run_ids
from results.reliability
order by
    origin, study, confidence_source, token, n_neighbours, dataset, adaptation, n_blocks, variant, pooling, head,
    backbone, pretraining, bin
