-- One row per pictured run, stage, image and kind of map: where the last block of a vision transformer looks.
-- Of each cell the first run is pictured, by fold, seed and run, and its first three images by name: none is chosen by
-- its looks.
-- stage: pre-trained (epoch 0) or fine-tuned (the epoch that stands for the run).
-- key: run_id, stage, probe, kind, sample_id
with pictured as (
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
        runs.selected_epoch
    from staging.runs as runs
    inner join staging.studies as sets on runs.origin = sets.origin and runs.study = sets.study
    where runs.adaptation <> 'scratch' and runs.run_id in (select run_id from attention_maps)
    qualify row_number() over (
        partition by
            runs.origin, sets.studies, runs.dataset, runs.backbone, runs.pretraining, runs.adaptation, runs.n_blocks,
            runs.variant, runs.pooling, runs.head
        order by runs.fold, runs.seed, runs.run_id
    ) = 1
)

select
    pictured.origin,
    pictured.study,
    pictured.dataset,
    pictured.backbone,
    pictured.pretraining,
    pictured.adaptation,
    pictured.n_blocks,
    pictured.variant,
    pictured.pooling,
    pictured.head,
    pictured.run_id,
    pictured.fold,
    pictured.seed,
    maps.probe,
    maps.layer,
    maps.kind,
    maps.sample_id,
    if(maps.epoch = 0, 'pre-trained', 'fine-tuned') as stage,
    maps.height,
    maps.width,
    maps.attention
from attention_maps as maps
inner join pictured on maps.run_id = pictured.run_id
where maps.epoch = 0 or maps.epoch = pictured.selected_epoch
qualify dense_rank() over (
    partition by maps.run_id, maps.probe
    order by maps.sample_id
) <= 3
order by
    pictured.origin, study, maps.probe, pictured.dataset, pictured.adaptation, pictured.n_blocks, pictured.variant,
    pictured.pooling, pictured.head, pictured.backbone, pictured.pretraining, maps.sample_id, maps.kind, stage desc
