-- One row per cell and score on the held-out fold that has runs at several resolutions: the lowest and the highest.
-- Settings beside the resolution in which runs of a network differ are kept apart.
-- variant: Those settings.
-- key: origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, score
with means as (
    select
        scores.origin,
        scores.study,
        scores.dataset,
        scores.backbone,
        scores.pretraining,
        scores.adaptation,
        scores.n_blocks,
        regexp_replace(scores.variant, '^image_size \d+(, )?|, image_size \d+', '') as variant,
        scores.pooling,
        scores.head,
        scores.score,
        runs.image_size,
        avg(scores.value order by scores.run_id) as mean,
        count(*) as n_runs,
        list(scores.run_id order by scores.run_id) as run_ids
    from marts.final_scores as scores
    inner join raw.runs as runs on scores.run_id = runs.run_id
    where
        scores.split = 'test'
        and scores.confidence_source = 'head'
    group by
        scores.origin, scores.study, scores.dataset, scores.backbone, scores.pretraining, scores.adaptation,
        scores.n_blocks, variant, scores.pooling, scores.head, scores.score, runs.image_size
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
    score,
    min(image_size) as low_size,
    max(image_size) as high_size,
    arg_min(mean, image_size) as low_mean,
    arg_max(mean, image_size) as high_mean,
    arg_max(mean, image_size) - arg_min(mean, image_size) as difference,
    arg_min(n_runs, image_size) as low_n_runs,
    arg_max(n_runs, image_size) as high_n_runs,
    list_sort(flatten(list(run_ids))) as run_ids
from means
group by origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, score
having count(*) > 1
order by origin, study, score, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head
