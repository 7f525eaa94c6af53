-- One row per run, source of the confidences, bin and patient of the held-out fold: forecasts, and how many are right.
-- Fifteen bins of equal width; a bin holds lower < confidence <= upper. Where an image has one class, the confidence is
-- the largest probability; where it has several labels, every label is a forecast. Without patients, an image is one.
-- key: run_id, confidence_source, token, n_neighbours, bin, patient
with forecasts as (
    select
        runs.origin,
        runs.study,
        runs.dataset,
        runs.backbone,
        runs.pretraining,
        runs.adaptation,
        runs.n_blocks,
        runs.variant,
        runs.pooling,
        runs.head,
        runs.run_id,
        said.confidence_source,
        said.token,
        said.n_neighbours,
        coalesce(said.group_id, said.sample_id) as patient,
        unnest(if(said.labels is null, [list_max(said.probabilities)], said.probabilities)) as confidence,
        unnest(
            if(
                said.labels is null,
                [(list_position(said.probabilities, list_max(said.probabilities)) = said.label + 1)::double],
                said.labels::double[]
            )
        ) as correct
    from predictions as said
    inner join staging.runs as runs on said.run_id = runs.run_id and said.epoch = runs.selected_epoch
    where said.split = 'test'
),

placed as (
    select
        *,
        greatest(1, ceil(confidence * 15))::integer as near
    from forecasts
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
    run_id,
    confidence_source,
    token,
    n_neighbours,
    -- Edges are 32 bit, as the probabilities are: one on an edge is in the bin below.
    greatest(
        1, near - (confidence <= ((near - 1) / 15)::float)::integer + (confidence > (near / 15)::float)::integer
    ) as bin,
    patient,
    count(*)::integer as n,
    sum(confidence order by confidence) as sum_of_confidence,
    sum(correct) as n_correct
from placed
group by all
