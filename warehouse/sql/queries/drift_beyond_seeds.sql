-- Is a layer further from its start than two seeds are from each other?
-- One row per dataset, network, layer and measure: mean similarity to the start, and of the ends of two runs that
-- differ in their seed alone, as `repdrift collect remeasure --between-seeds` takes it. Pairs share runs: no interval.
-- $dataset: Target dataset; all, one by one, when it is not given.
-- $measure: Similarity measure; all when it is not given.
with
chosen as (
    from marts.final_similarities
    where
        reference_layer = layer
        and ($dataset is null or dataset = $dataset)
        and ($measure is null or measure = $measure)
),

ends as (
    select
        own.*,
        own.reference = 'run' as is_between_seeds
    from chosen as own
    left join staging.runs as other on own.reference_run_id = other.run_id
    where
        own.reference = 'pretrained'
        or (
            own.backbone = other.backbone
            and own.pretraining = other.pretraining
            and own.adaptation = other.adaptation
            and own.n_blocks is not distinct from other.n_blocks
            and own.variant = other.variant
            and own.pooling = other.pooling
            and own.head = other.head
            and own.seed <> other.seed
        )
)

select
    study,
    dataset,
    backbone,
    pretraining,
    adaptation,
    n_blocks,
    variant,
    pooling,
    head,
    layer,
    token,
    probe,
    measure,
    avg(value) filter (where not is_between_seeds) as to_the_start,
    avg(value) filter (where is_between_seeds) as between_seeds,
    count(*) filter (where not is_between_seeds) as n_runs,
    count(*) filter (where is_between_seeds) as n_pairs
from ends
group by
    study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure
having n_pairs > 0
order by measure, probe, token, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer
