-- One row per run that counts: the dimensions that every mart carries. Diverged runs and summaries are left out.
-- key: run_id
select
    origin,
    study,
    run_id,
    dataset,
    task,
    backbone,
    pretraining,
    adaptation,
    n_blocks,
    pooling,
    head,
    fold,
    n_folds,
    seed,
    selected_epoch,
    image_size,
    n_train,
    n_test
from raw.runs
where status not in ('diverged', 'summary')
