-- One row: the least-squares line of an outcome on similarity over the runs of a fit. Methods that differ in their
-- standard errors share this line; methods that weigh or group the runs have another one and give no row here.
-- key: n_runs
select
    if($term = 'similarity', regr_slope(outcome_value, similarity), regr_intercept(outcome_value, similarity))
        as estimate,
    regr_r2(outcome_value, similarity) as r_squared,
    count(*) as n_runs
from marts.similarity_by_outcome
where
    list_contains($run_ids, run_id)
    and layer = $layer
    and token = $token
    and probe = $probe
    and measure = $measure
    and outcome = $outcome
    and $method in ('ols', 'hc3', 'cluster_cr1', 'cluster_cr3', 'wild_cluster')
having count(*) > 0
