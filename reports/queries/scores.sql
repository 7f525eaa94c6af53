-- One row per cell (dataset, network, adaptation) and score on test images or on the source probe.
-- key: origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, split, confidence_source, token, n_neighbours, score
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
    split,
    confidence_source,
    token,
    n_neighbours,
    score,
    estimate,
    sd,
    ci_low,
    ci_high,
    level,
    uncertainty,
    method,
    n_runs,
    run_ids,
    analysis_id
from results.intervals
where split in ('test', 'source') and uncertainty in ('fold', 'seed')
qualify row_number() over (
    partition by
        origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head,
        split, confidence_source, token, n_neighbours, score
    order by method = 'nadeau_bengio' desc, abs(level - 0.95), analysis_id
) = 1
order by
    origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head,
    split, confidence_source, token, n_neighbours, score
