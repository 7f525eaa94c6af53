-- One row per cell, resolution and score on the held-out fold: mean over runs, and gain over the baseline of its
-- dataset: the supervised network that was fine-tuned whole under a linear head, at the lowest resolution.
-- variant: Settings beside the resolution in which runs of the network differ.
-- key: origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, image_size, score
with known (place, backbone, pretraining) as (
    values
    (1, 'deit_base_patch16_224', 'fb_in1k'),
    (2, 'miniature_vit', 'supervised')
),

cells as (
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
        runs.image_size,
        scores.score,
        avg(scores.value order by scores.run_id) as mean,
        max(runs.n_parameters) as n_parameters,
        count(*) as n_runs,
        list(scores.run_id order by scores.run_id) as run_ids
    from marts.final_scores as scores
    inner join raw.runs as runs on scores.run_id = runs.run_id
    where
        scores.split = 'test'
        and scores.confidence_source = 'head'
    group by
        scores.origin, scores.study, scores.dataset, scores.backbone, scores.pretraining, scores.adaptation,
        scores.n_blocks, variant, scores.pooling, scores.head, runs.image_size, scores.score
),

baselines as (
    select
        cells.origin,
        cells.study,
        cells.dataset,
        cells.score,
        cells.mean
    from cells
    inner join known
        on
            cells.backbone = known.backbone
            and cells.pretraining = known.pretraining
    where
        cells.adaptation = 'full'
        and cells.head = 'linear'
    qualify row_number() over (
        partition by cells.origin, cells.study, cells.dataset, cells.score
        order by known.place, cells.image_size, cells.pooling
    ) = 1
)

select
    cells.origin,
    cells.study,
    cells.dataset,
    cells.backbone,
    cells.pretraining,
    cells.adaptation,
    cells.n_blocks,
    cells.variant,
    cells.pooling,
    cells.head,
    cells.image_size,
    cells.score,
    cells.mean,
    baselines.mean as baseline,
    if(baselines.mean > 0, (cells.mean - baselines.mean) / baselines.mean, null) as gain_ratio,
    cells.n_parameters,
    cells.n_runs,
    cells.run_ids
from cells
left join baselines
    on
        cells.origin = baselines.origin
        and cells.study = baselines.study
        and cells.dataset = baselines.dataset
        and cells.score = baselines.score
order by
    cells.origin, cells.study, cells.score, cells.dataset, cells.n_parameters, cells.backbone, cells.pretraining,
    cells.adaptation, cells.n_blocks, cells.variant, cells.pooling, cells.head, cells.image_size
