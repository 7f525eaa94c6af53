-- One row: mean and SD over the runs of a cell, of a score or of a gain over scratch.
-- key: score
with final_values as (
    select
        run_id,
        split,
        confidence_source,
        token as features,
        n_neighbours,
        score,
        value as final_value
    from marts.final_scores
    union all
    select
        run_id,
        'test' as split,
        'head' as confidence_source,
        pooling as features,
        0 as n_neighbours,
        'gain_difference:' || score as score,
        gain_difference as final_value
    from marts.gains
    union all
    select
        run_id,
        'test' as split,
        'head' as confidence_source,
        pooling as features,
        0 as n_neighbours,
        'gain_ratio:' || score as score,
        gain_ratio as final_value
    from marts.gains
)

select
    score,
    avg(final_value) as estimate,
    stddev_samp(final_value) as sd,
    count(*) as n_runs
from final_values
where
    list_contains($run_ids, run_id)
    and split = $split
    and confidence_source = $confidence_source
    and features = $token
    and n_neighbours = $n_neighbours
    and score = $score
group by score
