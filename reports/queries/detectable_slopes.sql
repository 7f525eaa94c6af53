-- One row per network, layer and outcome: which slope could the datasets at hand have found?
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
    n_datasets,
    mean_slope,
    sd,
    std_error,
    df,
    level,
    power,
    minimal_effect,
    minimal_effect_high,
    wanted_effect,
    wanted_power,
    n_datasets_needed,
    n_datasets_needed_high,
    n_runs,
    run_ids,
    analysis_id
from results.detectable_slopes
qualify row_number() over (
    partition by
        origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe,
        measure, outcome
    order by abs(level - 0.95), analysis_id
) = 1
order by
    origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure,
    outcome
