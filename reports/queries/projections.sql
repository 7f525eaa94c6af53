-- One row per network, layer and outcome: does similarity predict the outcome on a dataset left out?
-- key: origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, outcome
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
    layer,
    token,
    probe,
    measure,
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
from results.projections
qualify row_number() over (
    partition by
        origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe,
        measure, outcome
    order by abs(level - 0.95), analysis_id
) = 1
order by
    origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure,
    outcome
