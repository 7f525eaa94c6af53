-- One row per slope of a regression over several datasets: of all its runs, within datasets, between datasets.
-- key: origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, outcome, method, term
-- is_reversed: the slope of all runs and the slope within datasets have opposite signs.
-- is_clear: neither of their intervals contains 0, errors of the first by dataset (CR3).
with
slopes as (
    select
        origin,
        study,
        backbone,
        pretraining,
        adaptation,
        n_blocks,
        variant,
        pooling,
        head,
        layer,
        token,
        probe,
        measure,
        outcome,
        method,
        term,
        estimate,
        ci_low,
        ci_high,
        level,
        n_runs,
        n_clusters,
        run_ids,
        analysis_id
    from results.regressions
    where
        term = 'similarity' and status = 'fitted' and n_clusters > 1
        and method in ('ols', 'cluster_cr3', 'within', 'between')
    qualify row_number() over (
        partition by
            origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe,
            measure, outcome, method
        order by abs(level - 0.95), analysis_id
    ) = 1
)

select
    origin,
    study,
    backbone,
    pretraining,
    adaptation,
    n_blocks,
    variant,
    pooling,
    head,
    layer,
    token,
    probe,
    measure,
    outcome,
    method,
    term,
    estimate,
    ci_low,
    ci_high,
    level,
    max(estimate) filter (where method = 'ols') over regression
    * max(estimate) filter (where method = 'within') over regression < 0 as is_reversed,
    count(*) filter (where method in ('cluster_cr3', 'within') and ci_low * ci_high > 0) over regression = 2
        as is_clear,
    n_runs,
    n_clusters,
    run_ids,
    analysis_id
from slopes
window
    regression as (
        partition by
            origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe,
            measure, outcome
    )
qualify is_reversed is not null
order by
    origin, study, outcome, measure, token, probe, backbone, pretraining, adaptation, n_blocks, variant, pooling, head,
    layer, method
