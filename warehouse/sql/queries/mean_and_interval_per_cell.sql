-- How good is each network on each dataset, and how sure is that?
-- One row per cell (dataset, network, adaptation) and score: mean over its runs with the interval of `analysis run`.
-- $dataset: Target dataset; all when it is not given.
-- $score: Score; auc, auc_ovr_weighted and accuracy when it is not given.
-- $uncertainty: What varies: fold, seed, test_sample or total; fold or seed, whichever there is, when it is not given.
select
    study,
    dataset,
    backbone,
    pretraining,
    adaptation,
    n_blocks,
    variant,
    pooling,
    head,
    score,
    estimate as mean,
    sd,
    ci_low,
    ci_high,
    uncertainty,
    method,
    n_runs
from results.intervals
where
    split = 'test'
    and confidence_source = 'head'
    and ($uncertainty is null and uncertainty in ('fold', 'seed') or uncertainty = $uncertainty)
    and ($dataset is null or dataset = $dataset)
    and ($score is null and score in ('auc', 'auc_ovr_weighted', 'accuracy') or score = $score)
order by
    dataset asc, score asc, mean desc, backbone asc, pretraining asc, adaptation asc, n_blocks asc, variant asc,
    pooling asc, head asc, method asc
