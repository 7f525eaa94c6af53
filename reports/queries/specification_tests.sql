-- One row per question: no slope under any specification, tested together.
-- key: origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, token, probe, score
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
    n_specifications,
    n_negative,
    median_slope,
    median_statistic,
    p_median,
    p_largest,
    n_clusters,
    n_draws,
    analysis_id
from results.specification_tests
qualify row_number() over (
    partition by
        origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, token, probe, score
    order by analysis_id
) = 1
order by
    origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, token, probe, score
