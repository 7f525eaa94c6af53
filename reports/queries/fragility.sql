-- One row per cell whose backbone moved: what its similarities to the start hang on, at the layer where each is worst.
-- key: origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, token, probe, measure
with layers as (
    select
        own.origin,
        sets.studies as study,
        own.dataset,
        own.backbone,
        own.pretraining,
        own.adaptation,
        own.n_blocks,
        own.variant,
        own.pooling,
        own.head,
        own.layer,
        own.token,
        own.probe,
        own.measure,
        avg(own.value order by own.run_id) filter (own.trimmed_value is not null) as value,
        avg(own.trimmed_value order by own.run_id) as trimmed_value,
        avg(own.top_image_influence order by own.run_id) as top_image_influence,
        avg(own.effective_rank order by own.run_id) as effective_rank,
        avg(own.top_component_share order by own.run_id) as top_component_share,
        min(own.n_images) as n_images,
        min(own.n_effective) as n_effective,
        any_value(own.unit) as unit,
        list(own.run_id order by own.run_id) as run_ids
    from marts.final_similarities as own
    inner join staging.studies as sets on own.origin = sets.origin and own.study = sets.study
    where
        own.reference = 'pretrained'
        and own.reference_layer = own.layer
        and own.adaptation not in ('none', 'linear')
    group by
        own.origin, sets.studies, own.dataset, own.backbone, own.pretraining, own.adaptation, own.n_blocks, own.variant,
        own.pooling, own.head, own.layer, own.token, own.probe, own.measure
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
    token,
    probe,
    measure,
    arg_max(layer, abs(trimmed_value - value)) as trimmed_layer,
    arg_max(value, abs(trimmed_value - value)) as value,
    arg_max(trimmed_value, abs(trimmed_value - value)) as trimmed_value,
    max(top_image_influence) as top_image_influence,
    min(effective_rank) as effective_rank,
    max(top_component_share) as top_component_share,
    min(n_effective) as n_effective,
    min(n_images) as n_images,
    any_value(unit) as unit,
    count(*) as n_layers,
    max(len(run_ids)) as n_runs,
    list_sort(list_distinct(flatten(list(run_ids)))) as run_ids
from layers
group by
    origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, token, probe, measure
having max(top_image_influence) is not null or max(trimmed_value) is not null
order by
    origin, study, measure, token, probe, dataset, adaptation, n_blocks, variant, pooling, head, backbone, pretraining
