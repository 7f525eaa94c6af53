-- Are the probabilities honest?
-- One row per cell: mean expected calibration error (15 bins of equal width) on held-out folds, beside the accuracy.
-- $dataset: Target dataset; all when it is not given.
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
    avg(value) filter (score = 'ece_width_15') as mean_calibration_error,
    stddev_samp(value) filter (score = 'ece_width_15') as sd,
    avg(value) filter (score = 'ece_debiased_15') as mean_debiased_calibration_error,
    avg(value) filter (score = 'accuracy') as mean_accuracy,
    count(distinct run_id) as n_runs
from marts.final_scores
where
    split = 'test'
    and confidence_source = 'head'
    and ($dataset is null or dataset = $dataset)
group by study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head
having count(*) filter (score = 'ece_width_15') > 0
order by dataset, mean_calibration_error, backbone, pretraining, adaptation, n_blocks, variant, pooling, head
