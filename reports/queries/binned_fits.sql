-- One row per regression repeated on bin means, beside the fit on runs.
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
    n_bins,
    n_outliers,
    bin_counts,
    bin_similarities,
    bin_outcomes,
    slope,
    r_squared,
    binned_slope,
    binned_r_squared,
    inflation,
    null_r_squared,
    null_r_squared_high,
    p_value,
    n_runs,
    run_ids,
    analysis_id
from results.binned_fits
qualify row_number() over (
    partition by
        origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe,
        measure, outcome
    order by analysis_id
) = 1
order by
    origin, study, outcome, measure, token, probe, backbone, pretraining, adaptation, n_blocks, variant, pooling, head,
    layer
