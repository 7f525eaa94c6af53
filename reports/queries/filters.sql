-- One row per pictured run, stage and filter of the first layer; of each cell the first run, by fold, seed and run.
-- change: Distance of all filters from those before fine-tuning, over the length of those.
-- gabor_r2 and the columns after it: of all filters of the layer, as in raw.filter_shapes; null for small kernels.
-- stage: pre-trained (epoch 0) or fine-tuned (the epoch that stands for the run).
-- key: run_id, stage, filter
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
        selected_epoch
    from staging.study_runs
    where run_id in (select run_id from filters)
    qualify place = min(place) over (partition by cell)
),

shapes as (
    select
        run_id,
        epoch,
        layer,
        max(value) filter (statistic = 'gabor_r2') as gabor_r2,
        max(value) filter (statistic = 'gabor_r2_of_noise') as gabor_r2_of_noise,
        max(value) filter (statistic = 'gabor_share') as gabor_share,
        max(value) filter (statistic = 'spectral_entropy') as spectral_entropy,
        max(value) filter (statistic = 'spectral_entropy_of_noise') as spectral_entropy_of_noise
    from raw.filter_shapes
    group by run_id, epoch, layer
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
    now.layer,
    now.filter,
    if(now.epoch = 0, 'pre-trained', 'fine-tuned') as stage,
    now.height,
    now.width,
    now.n_channels,
    now.weights,
    sqrt(
        sum(list_distance(now.weights, start.weights) ** 2 order by now.filter) over stage_of_run
        / sum(list_inner_product(start.weights, start.weights) order by now.filter) over stage_of_run
    ) as change,
    shapes.gabor_r2,
    shapes.gabor_r2_of_noise,
    shapes.gabor_share,
    shapes.spectral_entropy,
    shapes.spectral_entropy_of_noise
from filters as now
inner join pictured on now.run_id = pictured.run_id
inner join filters as start
    on now.run_id = start.run_id and now.layer = start.layer and now.filter = start.filter and start.epoch = 0
left join shapes on now.run_id = shapes.run_id and now.epoch = shapes.epoch and now.layer = shapes.layer
where now.epoch = 0 or now.epoch = pictured.selected_epoch
window stage_of_run as (partition by now.run_id, now.epoch)
order by
    pictured.origin, study, pictured.dataset, pictured.adaptation, pictured.n_blocks, pictured.variant,
    pictured.pooling, pictured.head, pictured.backbone, pictured.pretraining, stage desc, now.filter
