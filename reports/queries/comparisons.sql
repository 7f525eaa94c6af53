-- One row per pair of networks, dataset and score; dataset null: across datasets.
-- key: origin, study, split, confidence_source, n_neighbours, score, dataset, first, second
select
    origin,
    study,
    split,
    confidence_source,
    n_neighbours,
    score,
    dataset,
    first,
    second,
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
    margin,
    p_equivalent,
    improvement,
    improvement_low,
    improvement_high,
    improvement_uncertainty,
    verdict,
    n_pairs,
    n_datasets,
    run_ids,
    analysis_id
from results.comparisons
qualify row_number() over (
    partition by origin, study, split, confidence_source, n_neighbours, score, dataset, first, second
    order by abs(level - 0.95), analysis_id
) = 1
order by origin, study, split, confidence_source, n_neighbours, score, dataset, first, second
