-- Does similarity to the pre-trained network say anything about the outcome?
-- One row per network, layer, outcome and method of inference: the slope of the regressions of `analysis run`. The
-- p-value of ols takes all runs for independent; believe a slope whose interval is off 0 under the clustered methods.
-- $outcome: Outcome such as gain_ratio:auc or calibration_error; all when it is not given.
-- $layer: Layer; all when it is not given.
select
    study,
    backbone,
    pretraining,
    adaptation,
    n_blocks,
    variant,
    pooling,
    head,
    layer,
    measure,
    outcome,
    method,
    estimate as slope,
    ci_low,
    ci_high,
    p_value,
    p_adjusted,
    r_squared,
    n_runs,
    n_clusters as n_datasets
from results.regressions
where
    term = 'similarity'
    and status = 'fitted'
    and ($outcome is null or outcome = $outcome)
    and ($layer is null or layer = $layer)
order by outcome, measure, backbone, pretraining, adaptation, n_blocks, variant, layer, method
