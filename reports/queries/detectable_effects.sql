-- One row per comparison: what it could have found, and what a wanted effect needs.
-- key: origin, study, split, confidence_source, n_neighbours, score, dataset, first, second, method
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
    std_error,
    df,
    power,
    level,
    minimal_effect,
    wanted_effect,
    unit,
    n_units,
    n_units_needed,
    analysis_id
from results.detectable_effects
qualify row_number() over (
    partition by
        origin, study, split, confidence_source, n_neighbours, score, dataset, first, second, method
    order by abs(level - 0.95), analysis_id
) = 1
order by
    origin, study, split, confidence_source, n_neighbours, score, dataset, first, second, method
