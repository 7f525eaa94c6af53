-- One row per pair of networks, kind of unit and number of units: what a comparison of that size would find.
-- key: origin, study, split, confidence_source, n_neighbours, score, dataset, first, second, unit, n_units
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
    unit,
    n_units,
    n_datasets,
    n_folds,
    n_seeds,
    is_current,
    std_error,
    df,
    level,
    power,
    minimal_effect,
    wanted_effect,
    wanted_power,
    n_units_needed,
    analysis_id
from results.power_curves
qualify row_number() over (
    partition by
        origin, study, split, confidence_source, n_neighbours, score, dataset, first, second, unit, n_units
    order by abs(level - 0.95), analysis_id
) = 1
order by
    origin, study, split, confidence_source, n_neighbours, score, dataset nulls first, first, second, unit, n_units
