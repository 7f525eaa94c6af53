-- One row per network and score: its mean rank over the datasets that all networks were run on.
-- key: origin, study, split, confidence_source, n_neighbours, score, network
select
    origin,
    study,
    split,
    confidence_source,
    n_neighbours,
    score,
    network,
    mean_rank,
    rank_low,
    rank_high,
    iqm,
    iqm_low,
    iqm_high,
    iqm_uncertainty,
    n_wins,
    friedman_p_value,
    critical_difference,
    not_different,
    n_datasets,
    level,
    run_ids,
    analysis_id
from results.rankings
qualify row_number() over (
    partition by origin, study, split, confidence_source, n_neighbours, score, network
    order by abs(level - 0.95), analysis_id
) = 1
order by origin, study, split, confidence_source, n_neighbours, score, mean_rank, network
