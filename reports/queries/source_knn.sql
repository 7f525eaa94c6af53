-- One row per run and stage (pre-trained: epoch 0; fine-tuned: the selected epoch): k-NN accuracy on the source probe.
-- key: run_id, stage, token, n_neighbours
with stages as (
    select
        runs.origin,
        sets.studies as study,
        runs.dataset,
        runs.backbone,
        runs.pretraining,
        runs.adaptation,
        runs.n_blocks,
        runs.pooling,
        runs.head,
        runs.run_id,
        runs.fold,
        runs.seed,
        scores.token,
        scores.n_neighbours,
        scores.value,
        if(scores.epoch = 0, 'pre-trained', 'fine-tuned') as stage
    from staging.runs as runs
    inner join raw.scores as scores on runs.run_id = scores.run_id
    inner join staging.studies as sets on runs.origin = sets.origin and runs.study = sets.study
    where
        runs.adaptation not in ('none', 'scratch')
        and scores.split = 'source'
        and scores.confidence_source = 'knn'
        and scores.score = 'accuracy'
        and (scores.epoch = 0 or scores.epoch = runs.selected_epoch)
)

select
    origin,
    study,
    dataset,
    backbone,
    pretraining,
    adaptation,
    n_blocks,
    pooling,
    head,
    run_id,
    fold,
    seed,
    stage,
    token,
    n_neighbours,
    value,
    avg(value order by run_id) over (
        partition by
            origin, study, dataset, backbone, pretraining, adaptation, n_blocks, pooling, head, stage, token, n_neighbours
    ) as mean
from stages
qualify count(distinct stage) over (partition by run_id, token, n_neighbours) = 2
order by
    origin, study, token, n_neighbours, adaptation, n_blocks, pooling, head, dataset, backbone, pretraining, run_id, stage desc
