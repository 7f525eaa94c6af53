-- Which runs failed to train?
-- One row per run whose loss became not finite; no mart and no analysis counts it.
select
    run_id,
    study,
    dataset,
    backbone,
    pretraining,
    adaptation,
    fold,
    seed,
    hyperparameters,
    finished_at
from raw.runs
where status = 'diverged'
order by study, dataset, backbone, pretraining, adaptation, fold, seed
