-- One row per cell, layer and epoch: mean similarity to the start over runs, with bands.
-- key: origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, epoch
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
    epoch,
    mean,
    sd,
    ci_low,
    ci_high,
    band_low,
    band_high,
    level,
    n_runs,
    run_ids,
    analysis_id
from results.trajectories
window trajectory as (
    partition by
        origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer,
        token, probe, measure
)
qualify
    min(epoch) over trajectory < max(epoch) over trajectory
    and row_number() over (
        partition by
            origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer,
            token, probe, measure, epoch
        order by abs(level - 0.95), analysis_id
    ) = 1
order by
    origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer,
    token, probe, measure, epoch
