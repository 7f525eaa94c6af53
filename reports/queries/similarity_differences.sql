-- One row per pair of networks, dataset, layer and layer of the start: which of the two stays more similar to its start.
-- key: origin, study, dataset, first, second, layer, reference_layer, token, probe, measure
select
    origin,
    study,
    dataset,
    first,
    second,
    layer,
    reference_layer,
    token,
    probe,
    measure,
    method,
    estimate,
    std_error,
    df,
    ci_low,
    ci_high,
    level,
    p_value,
    family,
    family_size,
    p_adjusted,
    p_false_discovery,
    margin,
    p_equivalent,
    verdict,
    n_pairs,
    run_ids,
    analysis_id
from results.similarity_differences
qualify row_number() over (
    partition by origin, study, dataset, first, second, layer, reference_layer, token, probe, measure
    order by abs(level - 0.95), analysis_id
) = 1
order by origin, study, measure, token, probe, dataset, first, second, layer, reference_layer
