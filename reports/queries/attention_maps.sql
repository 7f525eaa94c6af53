-- One row per pictured run, stage, image and kind of map: where the last block of a vision transformer looks.
-- Of each cell the first run is pictured, by fold, seed and run, and its first three images by name: none is chosen by
-- its looks. Frozen networks look the same before and after, and are left out.
-- stage: pre-trained (epoch 0) or fine-tuned (the epoch that stands for the run).
-- key: run_id, stage, probe, kind, sample_id
with pictured as (
    select
        origin,
        study,
        run_id,
        dataset,
        backbone,
        pretraining,
        adaptation,
        n_blocks,
        variant,
        pooling,
        head,
        fold,
        seed,
        selected_epoch
    from staging.study_runs
    where adaptation not in ('scratch', 'linear', 'none') and run_id in (select run_id from attention_maps)
    qualify place = min(place) over (partition by cell)
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
