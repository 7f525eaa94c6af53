-- One row per run, layer and measure: similarity to the pre-trained model, and its mean over the runs of the cell.
-- key: run_id, layer, token, probe, measure
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
    own.run_id,
    own.fold,
    own.seed,
    own.layer,
    own.token,
    own.probe,
    own.measure,
    own.value,
    own.null_mean,
    avg(own.value order by own.run_id) over cell as mean,
    count(*) over cell as n_runs
from marts.final_similarities as own
inner join staging.studies as sets on own.origin = sets.origin and own.study = sets.study
where own.reference = 'pretrained' and own.reference_layer = own.layer
window cell as (
    partition by
        own.origin, sets.studies, own.dataset, own.backbone, own.pretraining, own.adaptation, own.n_blocks, own.variant,
        own.pooling, own.head, own.layer, own.token, own.probe, own.measure
)
order by
    origin, study, measure, token, probe, dataset, adaptation, n_blocks, variant, pooling, head, backbone, pretraining,
    run_id, layer
