-- One row per cell and bin of confidence on the held-out fold: how confident, and how often right.
-- Fifteen bins of equal width; a bin holds lower < confidence <= upper. Where an image has one class, the
-- confidence is the largest probability; where it has several labels, every label is a forecast.
-- key: origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, confidence_source, token, n_neighbours, bin
with forecasts as (
    select
        runs.origin,
        sets.studies as study,
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
    inner join staging.studies as sets on runs.origin = sets.origin and runs.study = sets.study
    where said.split = 'test'
),

placed as (
    select
        *,
        greatest(1, ceil(confidence * 15))::integer as near
    from forecasts
),

binned as (
    select
        *,
        -- Edges are 32 bit, as the probabilities are: one on an edge is in the bin below.
        greatest(
            1, near - (confidence <= ((near - 1) / 15)::float)::integer + (confidence > (near / 15)::float)::integer
        ) as bin
    from placed
),

patients as (
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
        confidence_source,
        token,
        n_neighbours,
        bin,
        patient,
        count(*) as n,
        sum(confidence order by run_id, confidence) as sum_of_confidence,
        sum(correct) as n_correct,
        list(distinct run_id) as run_ids
    from binned
    group by all
),

bins as (
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
        confidence_source,
        token,
        n_neighbours,
        bin,
        sum(sum_of_confidence order by patient) / sum(n) as confidence,
        sum(sum_of_confidence order by patient) as sum_of_confidence,
        sum(n_correct) as n_correct,
        sum(n_correct) / sum(n) as accuracy,
        sum(n)::integer as n_forecasts,
        count(*)::integer as n_patients,
        -- Variance of a ratio over patients: sum of (correct - accuracy * n)^2, expanded.
        sum(n_correct * n_correct) as sum_cc,
        sum(n_correct * n) as sum_cn,
        sum(n * n) as sum_nn,
        flatten(list(run_ids)) as run_ids
    from patients
    group by all
),

designs as (
    select
        *,
        greatest(
            1,
            coalesce(
                (sum_cc - 2 * accuracy * sum_cn + accuracy * accuracy * sum_nn)
                * n_patients * (n_forecasts - 1) / nullif(n_patients - 1, 0)
                / nullif(n_forecasts * n_forecasts * accuracy * (1 - accuracy), 0),
                n_forecasts / n_patients
            )
        ) as design_effect
    from bins
),

intervals as (
    select
        *,
        n_forecasts / design_effect as n_effective,
        1.959963984540054 ** 2 / (n_forecasts / design_effect) as spread
    from designs
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
    confidence_source,
    token,
    n_neighbours,
    bin,
    (bin - 1) / 15 as lower,
    bin / 15 as upper,
    confidence,
    accuracy,
    -- Wilson's interval with the number of independent forecasts that would be as uncertain.
    (accuracy + spread / 2 - sqrt(spread * accuracy * (1 - accuracy) + spread * spread / 4)) / (1 + spread) as ci_low,
    (accuracy + spread / 2 + sqrt(spread * accuracy * (1 - accuracy) + spread * spread / 4)) / (1 + spread) as ci_high,
    n_forecasts,
    n_patients,
    n_effective,
    sum(abs(n_correct - sum_of_confidence) order by bin) over cell / sum(n_forecasts) over cell as ece,
    list_sort(list_distinct(run_ids)) as run_ids
from intervals
window cell as (
    partition by
        origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, confidence_source,
        token, n_neighbours
)
order by
    origin, study, confidence_source, token, n_neighbours, dataset, adaptation, n_blocks, variant, pooling, head,
    backbone, pretraining, bin
