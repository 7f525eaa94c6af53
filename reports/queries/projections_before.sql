-- One row per network, score before fine-tuning and outcome: does the score predict the outcome on a dataset left out?
-- key: origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, split, confidence_source, token, n_neighbours, score, outcome
select
    origin,
    study,
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
    outcome,
    status,
    reason,
    n_datasets,
    mean_error,
    trivial_error,
    skill,
    n_better,
    level,
    max_level,
    half_width,
    trivial_half_width,
    coverage,
    n_runs,
    run_ids,
    analysis_id
from results.projections_before
qualify row_number() over (
    partition by
        origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, split, confidence_source,
        token, n_neighbours, score, outcome
    order by abs(level - 0.95), analysis_id
) = 1
order by
    origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, split, confidence_source,
    token, n_neighbours, score, outcome
