-- One row per regression of an outcome on similarity, method of inference and term.
-- key: origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, outcome, method, term
-- n_in_cell: runs of the regression before any method leaves some out; n_runs: those that were fitted.
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
    term,
    status,
    reason,
    estimate,
    std_error,
    ci_low,
    ci_high,
    level,
    p_value,
    family,
    family_size,
    p_adjusted,
    p_max_t,
    size_alarm,
    r_squared,
    max(n_runs) over (
        partition by
            origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe,
            measure, outcome
    ) as n_in_cell,
    n_runs,
    n_clusters,
    run_ids,
    analysis_id
from results.regressions
qualify row_number() over (
    partition by
        origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe,
        measure, outcome, method, term
    order by abs(level - 0.95), analysis_id
) = 1
order by
    origin, study, outcome, measure, token, probe, backbone, pretraining, adaptation, n_blocks, variant, pooling, head,
    layer, method, term
