-- Does the network still know the images that it was pre-trained on?
-- One row per cell and number of neighbours: k-NN accuracy on the source probe before the first step and at the end.
-- $dataset: Target dataset; all when it is not given.
with votes as (
    select
        runs.study,
        runs.dataset,
        runs.backbone,
        runs.pretraining,
        runs.adaptation,
        runs.n_blocks,
        runs.variant,
        runs.pooling,
        runs.head,
        scores.run_id,
        scores.token,
        scores.n_neighbours,
        max(scores.value) filter (scores.epoch = 0) as before_training,
        max(scores.value) filter (scores.epoch is not distinct from runs.selected_epoch) as after_training
    from staging.runs as runs
    inner join raw.scores as scores on runs.run_id = scores.run_id
    where
        scores.split = 'source'
        and scores.confidence_source = 'knn'
        and scores.score = 'accuracy'
    group by
        runs.study,
        runs.dataset,
        runs.backbone,
        runs.pretraining,
        runs.adaptation,
        runs.n_blocks,
        runs.variant,
        runs.pooling,
        runs.head,
        scores.run_id,
        scores.token,
        scores.n_neighbours
)

select
    study,
    dataset,
    backbone,
    pretraining,
    adaptation,
    n_blocks,
    variant,
    pooling,
    head,
    token,
    n_neighbours,
    avg(before_training) as mean_before,
    avg(after_training) as mean_after,
    avg(after_training - before_training) as mean_change,
    count(*) as n_runs
from votes
where ($dataset is null or dataset = $dataset)
group by study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, token, n_neighbours
order by dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, token, n_neighbours
