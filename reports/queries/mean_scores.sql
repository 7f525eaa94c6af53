-- One row per cell and epoch: accuracy of the head on the held-out fold, its mean and its range over runs.
-- key: origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, epoch
select
    runs.origin,
    sets.studies as study,
    runs.dataset,
    runs.backbone,
    runs.pretraining,
    runs.adaptation,
    runs.n_blocks,
    runs.variant,
    runs.pooling,
    runs.head,
    scores.epoch,
    avg(scores.value order by runs.run_id) as mean,
    min(scores.value) as lowest,
    max(scores.value) as highest,
    count(*) as n_runs,
    list(runs.run_id order by runs.run_id) as run_ids
from staging.runs as runs
inner join raw.scores as scores on runs.run_id = scores.run_id
inner join staging.studies as sets on runs.origin = sets.origin and runs.study = sets.study
where
    scores.split = 'test'
    and scores.confidence_source = 'head'
    and scores.score = 'accuracy'
    and scores.epoch is not null
group by
    runs.origin, sets.studies, runs.dataset, runs.backbone, runs.pretraining, runs.adaptation, runs.n_blocks,
    runs.variant, runs.pooling, runs.head, scores.epoch
order by
    origin, study, dataset, adaptation, n_blocks, variant, pooling, head, backbone, pretraining, epoch
