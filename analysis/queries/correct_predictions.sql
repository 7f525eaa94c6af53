-- One row per run and image of its held-out fold: whether the head got it right, at the epoch that stands for the run.
-- Tasks with one label per image only.
-- key: run_id, sample_id
select
    runs.origin,
    runs.study,
    runs.run_id,
    runs.dataset,
    runs.backbone,
    runs.pretraining,
    runs.adaptation,
    runs.n_blocks,
    runs.variant,
    runs.pooling,
    runs.head,
    runs.fold,
    runs.n_folds,
    runs.seed,
    runs.n_train,
    runs.n_test,
    predictions.sample_id,
    predictions.group_id,
    list_position(predictions.probabilities, list_max(predictions.probabilities)) - 1 = predictions.label
        as is_correct
from predictions
inner join staging.runs as runs
    on
        predictions.run_id = runs.run_id
        and runs.selected_epoch is not distinct from predictions.epoch
where
    predictions.split = 'test'
    and predictions.confidence_source = 'head'
    and predictions.label is not null
