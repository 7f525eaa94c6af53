-- One row per regression of a score's gain over scratch on similarity: slope under three definitions of gain.
-- key: origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, score, method
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
    score,
    method,
    slope_difference,
    p_difference,
    slope_ratio,
    p_ratio,
    slope_ancova,
    p_ancova,
    scratch_similarity_correlation,
    scratch_ratio_correlation,
    slope_denominator,
    p_denominator,
    alarm,
    level,
    n_clusters,
    n_runs,
    run_ids,
    analysis_id
from results.gain_definitions
qualify row_number() over (
    partition by
        origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe,
        measure, score, method
    order by abs(level - 0.95), analysis_id
) = 1
order by
    origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure,
    score, method
