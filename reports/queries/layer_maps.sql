-- One row per cell, layer and layer of the pre-trained model: mean similarity over runs, and the noise floor.
-- key: origin, dataset, backbone, pretraining, adaptation, n_blocks, pooling, head, layer, reference_layer, token, probe, measure
select
    origin,
    dataset,
    backbone,
    pretraining,
    adaptation,
    n_blocks,
    pooling,
    head,
    layer,
    reference_layer,
    token,
    probe,
    measure,
    avg(value order by run_id) as mean,
    avg(null_mean + 2 * null_sd order by run_id) as floor,
    count(*) as n_runs,
    list(run_id order by run_id) as run_ids
from marts.final_similarities
where reference = 'pretrained'
group by
    origin, dataset, backbone, pretraining, adaptation, n_blocks, pooling, head, layer, reference_layer,
    token, probe, measure
qualify
    count(*) filter (layer <> reference_layer) over (
        partition by origin, dataset, backbone, pretraining, adaptation, n_blocks, token, probe, measure
    ) > 0
order by
    origin, measure, token, probe, dataset, backbone, pretraining, adaptation, n_blocks, pooling, head,
    layer, reference_layer
