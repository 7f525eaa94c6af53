-- One row per run, layer, measure and network that it is compared with: its start, another run, a random initialisation.
-- key: run_id, layer, token, reference, reference_run_id, reference_layer, probe, measure
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
    own.reference,
    own.reference_run_id,
    other.backbone as reference_backbone,
    other.pretraining as reference_pretraining,
    other.adaptation as reference_adaptation,
    other.n_blocks as reference_n_blocks,
    other.variant as reference_variant,
    other.pooling as reference_pooling,
    other.head as reference_head,
    own.reference_layer,
    own.probe,
    own.measure,
    own.value,
    own.null_mean,
    own.null_sd,
    avg(own.value order by own.run_id, own.reference_run_id) over cell as mean,
    avg(own.null_mean + 2 * own.null_sd order by own.run_id, own.reference_run_id) over cell as floor,
    count(*) over cell as n_runs
from marts.final_similarities as own
inner join staging.studies as sets on own.origin = sets.origin and own.study = sets.study
left join staging.runs as other on own.reference_run_id = other.run_id
window cell as (
    partition by
        own.origin, sets.studies, own.dataset, own.backbone, own.pretraining, own.adaptation, own.n_blocks, own.variant,
        own.pooling, own.head, own.layer, own.token, own.reference, other.backbone, other.pretraining, other.adaptation,
        other.n_blocks, other.variant, other.pooling, other.head, own.reference_layer, own.probe, own.measure
)
order by
    own.origin, study, own.measure, own.token, own.probe, own.dataset, own.adaptation, own.backbone, own.pretraining,
    own.run_id, own.reference, own.reference_run_id, own.layer, own.reference_layer
