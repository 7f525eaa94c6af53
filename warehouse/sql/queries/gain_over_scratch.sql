-- What did the pre-training gain over a start from scratch?
-- One row per cell and score: mean gain over runs, each compared with the scratch run of its own fold and seed.
-- $dataset: Target dataset; all when it is not given.
-- $score: Score; auc and auc_ovr_weighted when it is not given.
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
    avg(value) as mean_score,
    avg(scratch_value) as mean_of_scratch,
    avg(gain_difference) as mean_gain,
    stddev_samp(gain_difference) as sd_of_gain,
    avg(gain_ratio) as mean_gain_ratio,
    count(*) as n_runs
from marts.gains
where
    ($dataset is null or dataset = $dataset)
    and ($score is null and score in ('auc', 'auc_ovr_weighted') or score = $score)
group by study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, score
order by dataset asc, score asc, mean_gain desc
