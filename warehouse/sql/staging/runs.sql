-- One row per run that counts: the dimensions that every mart carries. Diverged runs and summaries are left out.
-- variant: Settings in which runs of this network differ (see staging.run_variants); empty where they do not.
-- key: run_id
select
    runs.origin,
    runs.study,
    runs.run_id,
    runs.dataset,
    runs.task,
    runs.backbone,
    runs.pretraining,
    runs.adaptation,
    runs.n_blocks,
    coalesce(variants.variant, '') as variant,
    runs.pooling,
    runs.head,
    runs.fold,
    runs.n_folds,
    runs.seed,
    runs.selected_epoch,
    runs.image_size,
    runs.n_train,
    runs.n_test,
    runs.data_hash,
    runs.split_hash
from raw.runs as runs
left join staging.run_variants as variants on runs.run_id = variants.run_id
where runs.status not in ('diverged', 'summary')
