-- One row per set of runs and grid point of the thresholds: share of members.
-- key: origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, score, reference_policy, divergence, scope, dataset, eta, epsilon
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
    reference_policy,
    divergence,
    scope,
    dataset,
    eta,
    epsilon,
    fraction,
    n_units,
    is_frontier,
    analysis_id
from results.membership_surfaces
qualify row_number() over (
    partition by
        origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe,
        measure, score, reference_policy, divergence, scope, dataset, eta, epsilon
    order by analysis_id
) = 1
order by
    origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure,
    score, reference_policy, divergence, scope, dataset, eta, epsilon
