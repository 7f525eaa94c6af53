-- One row per regression and method: is the slope of the outcome on similarity shown to be small?
-- key: origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, outcome, method
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
    method,
    estimate,
    ci_low,
    ci_high,
    level,
    margin,
    p_value,
    family,
    family_size,
    p_adjusted,
    p_within,
    verdict,
    n_runs,
    n_clusters,
    run_ids,
    analysis_id
from results.slope_equivalences
where status = 'fitted'
qualify row_number() over (
    partition by
        origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe,
        measure, outcome, method
    order by abs(level - 0.95), analysis_id
) = 1
order by
    origin, study, outcome, measure, token, probe, backbone, pretraining, adaptation, n_blocks, variant, pooling, head,
    layer, method
