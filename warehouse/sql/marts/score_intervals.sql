-- One row per run and score with an interval over images or patients, at the epoch that stands for the run.
-- Diverged runs are left out.
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
    scores.epoch,
    scores.split,
    scores.confidence_source,
    scores.token,
    scores.n_neighbours,
    scores.score,
    scores.value,
    intervals.std_error,
    intervals.ci_low,
    intervals.ci_high,
    intervals.level,
    intervals.n_resamples,
    intervals.unit,
    intervals.n_units
from staging.runs as runs
inner join raw.scores as scores
    on
        runs.run_id = scores.run_id
        and runs.selected_epoch is not distinct from scores.epoch
inner join raw.score_intervals as intervals
    on
        scores.run_id = intervals.run_id
        and scores.epoch is not distinct from intervals.epoch
        and scores.split = intervals.split
        and scores.confidence_source = intervals.confidence_source
        and scores.token = intervals.token
        and scores.n_neighbours = intervals.n_neighbours
        and scores.score = intervals.score
