-- One row per regression and dataset left out of it.
-- key: origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, outcome, left_out
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
    left_out,
    slope,
    slope_without,
    share,
    changes_sign,
    n_runs,
    analysis_id
from results.influences
qualify row_number() over (
    partition by
        origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe,
        measure, outcome, left_out
    order by analysis_id
) = 1
order by
    origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure,
    outcome, left_out
