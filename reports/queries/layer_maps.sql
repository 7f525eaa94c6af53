-- One row per cell, layer and layer of the pre-trained model: mean similarity over runs, and the noise floor.
-- key: origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, reference_layer, token, probe, measure
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
    own.reference_layer,
    own.token,
    own.probe,
    own.measure,
    avg(own.value order by own.run_id) as mean,
    avg(own.null_mean + 2 * own.null_sd order by own.run_id) as floor,
    count(*) as n_runs,
    list(own.run_id order by own.run_id) as run_ids
from marts.final_similarities as own
inner join staging.studies as sets on own.origin = sets.origin and own.study = sets.study
where own.reference = 'pretrained'
group by
    own.origin, sets.studies, own.dataset, own.backbone, own.pretraining, own.adaptation, own.n_blocks, own.variant,
    own.pooling, own.head, own.layer, own.reference_layer, own.token, own.probe, own.measure
qualify
    count(*) filter (own.layer <> own.reference_layer) over (
        partition by
            own.origin, sets.studies, own.dataset, own.backbone, own.pretraining, own.adaptation, own.n_blocks,
            own.variant, own.pooling, own.head, own.token, own.probe, own.measure
    ) > 0
order by
    origin, study, measure, token, probe, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head,
    layer, reference_layer
