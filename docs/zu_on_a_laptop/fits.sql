-- One row per pre-training, layer, pooling and outcome: R² over runs, within datasets, over bins, and slopes.
with
points as (
    select
        pretraining, pooling, layer, outcome, similarity, outcome_value,
        similarity - avg(similarity) over cell as own_similarity,
        outcome_value - avg(outcome_value) over cell as own_outcome
    from marts.similarity_by_outcome
    where
        adaptation = 'full' and measure = 'cka_linear_debiased' and probe = 'source' and token = pooling
        and outcome in ('knn_accuracy', 'knn_calibration_error')
    window cell as (partition by pretraining, pooling, layer, outcome, dataset)
),

lines as (
    select
        pretraining, pooling, layer, outcome,
        regr_r2(outcome_value, similarity) as r_squared_runs,
        regr_r2(own_outcome, own_similarity) as r_squared_within,
        regr_slope(outcome_value, similarity) as slope_runs,
        regr_slope(own_outcome, own_similarity) as slope_within,
        count(*) as n_runs
    from points
    group by all
)

select
    lines.outcome, lines.pooling, lines.layer, lines.pretraining,
    lines.r_squared_runs, lines.r_squared_within, bins.binned_r_squared as r_squared_bins,
    bins.inflation, bins.null_r_squared, lines.slope_runs, lines.slope_within, lines.n_runs
from lines
left join results.binned_fits as bins
    on
        lines.pretraining = bins.pretraining and lines.pooling = bins.pooling and lines.layer = bins.layer
        and lines.outcome = bins.outcome and bins.token = lines.pooling
        and bins.adaptation = 'full' and bins.probe = 'source'
order by all
