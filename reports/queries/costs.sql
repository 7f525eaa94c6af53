-- One row per run: the work until the checkpoint that stands for it, and the time to classify an image.
-- variant: Settings beside the resolution in which runs of the network differ.
-- key: run_id
with timed as (
    select
        timings.run_id,
        sum(timings.duration_s) filter (where timings.stage = 'train' and timings.epoch <= runs.selected_epoch)
            as training_s,
        sum(timings.duration_s) filter (where timings.stage = 'evaluate') as evaluation_s,
        sum(timings.n_images) filter (where timings.stage = 'evaluate') as n_evaluated
    from raw.timings as timings
    inner join raw.runs as runs on timings.run_id = runs.run_id
    where runs.status <> 'diverged'
    group by timings.run_id
)

select
    runs.origin,
    runs.study,
    runs.dataset,
    runs.backbone,
    runs.pretraining,
    runs.adaptation,
    runs.n_blocks,
    coalesce(regexp_replace(variants.variant, '^image_size \d+(, )?|, image_size \d+', ''), '') as variant,
    runs.pooling,
    runs.head,
    runs.image_size,
    runs.run_id,
    runs.device,
    runs.n_parameters,
    runs.selected_epoch,
    timed.training_s,
    if(timed.n_evaluated > 0, 1000 * timed.evaluation_s / timed.n_evaluated, null) as inference_ms
from raw.runs as runs
inner join timed on runs.run_id = timed.run_id
left join staging.run_variants as variants on runs.run_id = variants.run_id
order by
    runs.origin, runs.study, runs.dataset, runs.backbone, runs.pretraining, runs.adaptation, runs.n_blocks,
    variant, runs.pooling, runs.head, runs.image_size, runs.run_id
