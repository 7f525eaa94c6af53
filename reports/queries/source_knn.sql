-- One row per run: k-NN accuracy on the source probe before the first step and at the epoch that stands for the run.
-- mean_before: Mean over the runs of the cell, as are mean_after and the ends of the intervals over images.
-- key: run_id, token, n_neighbours
with votes as (
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
        runs.run_id,
        runs.fold,
        runs.seed,
        scores.token,
        scores.n_neighbours,
        max(scores.value) filter (where scores.epoch = 0) as before,
        max(intervals.ci_low) filter (where scores.epoch = 0) as low_before,
        max(intervals.ci_high) filter (where scores.epoch = 0) as high_before,
        max(scores.value) filter (where scores.epoch = runs.selected_epoch) as after,
        max(intervals.ci_low) filter (where scores.epoch = runs.selected_epoch) as low_after,
        max(intervals.ci_high) filter (where scores.epoch = runs.selected_epoch) as high_after
    from staging.runs as runs
    inner join raw.scores as scores on runs.run_id = scores.run_id
    inner join staging.studies as sets on runs.origin = sets.origin and runs.study = sets.study
    left join raw.score_intervals as intervals
        on
            scores.run_id = intervals.run_id
            and scores.epoch = intervals.epoch
            and scores.split = intervals.split
            and scores.confidence_source = intervals.confidence_source
            and scores.token = intervals.token
            and scores.n_neighbours = intervals.n_neighbours
            and scores.score = intervals.score
    where
        runs.adaptation not in ('none', 'scratch')
        and scores.split = 'source'
        and scores.confidence_source = 'knn'
        and scores.score = 'accuracy'
        and (scores.epoch = 0 or scores.epoch = runs.selected_epoch)
    group by all
)

select
    origin,
    study,
    dataset,
    backbone,
    pretraining,
    adaptation,
    n_blocks,
    variant,
    pooling,
    head,
    run_id,
    fold,
    seed,
    token,
    n_neighbours,
    before,
    after,
    avg(before order by run_id) over cell as mean_before,
    avg(after order by run_id) over cell as mean_after,
    avg(low_before order by run_id) over cell as low_before,
    avg(high_before order by run_id) over cell as high_before,
    avg(low_after order by run_id) over cell as low_after,
    avg(high_after order by run_id) over cell as high_after
from votes
where before is not null and after is not null
window cell as (
    partition by
        origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, token, n_neighbours
)
order by
    origin, study, token, n_neighbours, adaptation, n_blocks, variant, pooling, head, dataset, backbone, pretraining,
    run_id
