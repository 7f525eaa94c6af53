-- One row per network, score and level: share of the variation between runs.
-- key: origin, study, network, split, confidence_source, n_neighbours, score, component
select
    origin,
    study,
    network,
    split,
    confidence_source,
    n_neighbours,
    score,
    component,
    variance,
    sd,
    share,
    n_levels,
    n_runs,
    run_ids,
    analysis_id
from results.variance_components
qualify row_number() over (
    partition by
        origin, study, network, split, confidence_source, n_neighbours, score, component
    order by analysis_id
) = 1
order by
    origin, study, network, split, confidence_source, n_neighbours, score, component
