-- One row per run and task score on the held-out fold: what the pre-training gained over a start from scratch.
-- gain_difference: value - scratch_value.
-- gain_ratio: gain_difference / scratch_value; null where that divides by 0.
-- key: run_id, score
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
    gains.score,
    gains.value,
    gains.scratch_run_id,
    gains.scratch_value,
    gains.value - gains.scratch_value as gain_difference,
    (gains.value - gains.scratch_value) / nullif(gains.scratch_value, 0) as gain_ratio
from staging.runs as runs
inner join staging.task_gains as gains on runs.run_id = gains.run_id
