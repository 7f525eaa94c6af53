-- One row per pair of networks, layer and method of inference: do their slopes differ?
-- key: origin, study, backbone, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, outcome, first, second, method
select
    origin,
    study,
    backbone,
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
    first,
    second,
    method,
    status,
    reason,
    estimate,
    std_error,
    statistic,
    df,
    ci_low,
    ci_high,
    level,
    p_value,
    family,
    family_size,
    p_adjusted,
    n_runs,
    n_clusters,
    run_ids,
    analysis_id
from results.slope_differences
qualify row_number() over (
    partition by
        origin, study, backbone, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, outcome,
        first, second, method
    order by abs(level - 0.95), analysis_id
) = 1
order by
    origin, study, backbone, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, outcome, first,
    second, method
