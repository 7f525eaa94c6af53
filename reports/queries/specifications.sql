-- One row per question, specification and method of inference: the specification curve.
-- key: origin, backbone, pretraining, adaptation, token, probe, score, layer, measure, gain, outliers, method
select
    origin,
    backbone,
    pretraining,
    adaptation,
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
        origin, backbone, pretraining, adaptation, token, probe, score, layer, measure, gain,
        outliers, method
    order by abs(level - 0.95), analysis_id
) = 1
order by
    origin, backbone, pretraining, adaptation, token, probe, score, layer, measure, gain,
    outliers, method
