-- One row per run and score that was taken before the first step: what is known before fine-tuning.
-- The head is untrained then; k-NN votes and transferability scores of the features are what can predict.
-- value: Score of the pre-trained network, read as the run reads it.
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
    scores.split,
    scores.confidence_source,
    scores.token,
    scores.n_neighbours,
    scores.score,
    scores.value,
    scores.n_samples
from staging.runs as runs
inner join raw.scores as scores on runs.run_id = scores.run_id
where
    scores.epoch = 0
    and runs.adaptation <> 'none'
