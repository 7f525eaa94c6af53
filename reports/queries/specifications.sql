-- One row per question, specification and method of inference: the specification curve.
-- key: origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, token, probe, score, layer, measure, gain, outliers, method
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
    token,
    probe,
    score,
    layer,
    measure,
    gain,
    outliers,
    method,
    rank,
    status,
    reason,
    estimate,
    ci_low,
    ci_high,
    level,
    p_value,
    n_runs,
    n_clusters,
    run_ids,
    analysis_id
from results.specifications
qualify row_number() over (
    partition by
        origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, token, probe, score, layer,
        measure, gain, outliers, method
    order by abs(level - 0.95), analysis_id
) = 1
order by
    origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, token, probe, score, layer,
    measure, gain, outliers, method
