-- One row per network, outcome, dataset and layer: the slope within the dataset, tested with all others of its family.
-- key: origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, outcome, dataset
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
    dataset,
    slope,
    correlation,
    statistic,
    p_value,
    family,
    family_size,
    p_adjusted,
    n_units,
    n_runs,
    n_permutations,
    run_ids,
    analysis_id
from results.dataset_slopes
qualify row_number() over (
    partition by
        origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe,
        measure, outcome, dataset
    order by n_permutations desc, analysis_id
) = 1
order by
    origin, study, outcome, measure, token, probe, backbone, pretraining, adaptation, n_blocks, variant, pooling, head,
    dataset, layer
