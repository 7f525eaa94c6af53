-- One row per run, layer and measure: similarity to the pre-trained model, and its mean over the runs of the cell.
-- key: run_id, layer, token, probe, measure
select
    origin,
    dataset,
    backbone,
    pretraining,
    adaptation,
    n_blocks,
    pooling,
    head,
    run_id,
    fold,
    seed,
    layer,
    token,
    probe,
    measure,
    value,
    null_mean,
    avg(value order by run_id) over cell as mean,
    count(*) over cell as n_runs
from marts.final_similarities
where reference = 'pretrained' and reference_layer = layer
window cell as (
    partition by
        origin, dataset, backbone, pretraining, adaptation, n_blocks, pooling, head,
        layer, token, probe, measure
)
order by
    origin, measure, token, probe, dataset, adaptation, n_blocks, pooling, head, backbone, pretraining, run_id, layer
