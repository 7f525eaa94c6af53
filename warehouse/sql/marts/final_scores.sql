-- One row per run and score at the epoch that stands for the run; diverged runs are left out.
-- key: run_id, split, confidence_source, token, n_neighbours, score
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
    runs.variant,
    runs.pooling,
    runs.head,
    runs.fold,
    runs.n_folds,
    runs.seed,
    runs.n_train,
    runs.n_test,
    runs.split_hash,
    scores.epoch,
    scores.split,
    scores.confidence_source,
    scores.token,
    scores.n_neighbours,
    scores.score,
    scores.value,
    scores.n_samples
from staging.runs as runs
inner join raw.scores as scores
    on
        runs.run_id = scores.run_id
        and runs.selected_epoch is not distinct from scores.epoch
