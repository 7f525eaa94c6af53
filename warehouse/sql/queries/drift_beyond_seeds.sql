-- Is a layer further from its start than two seeds are from each other?
-- One row per dataset, network, layer and measure: mean similarity to the start, and of the ends of two runs that differ
-- in their seed alone, as `repdrift collect remeasure --between-seeds` takes it. Pairs share runs: no interval is given.
-- $dataset: Target dataset; all, one by one, when it is not given.
-- $measure: Similarity measure; all when it is not given.
with ends as (
    select
        own.*,
        own.reference = 'run' as is_between_seeds
    from marts.final_similarities as own
    left join staging.runs as other on own.reference_run_id = other.run_id
    where
        own.reference_layer = own.layer
        and ($dataset is null or own.dataset = $dataset)
        and ($measure is null or own.measure = $measure)
        and (
            own.reference = 'pretrained'
            or (
                other.backbone = own.backbone
                and other.pretraining = own.pretraining
                and other.adaptation = own.adaptation
                and other.n_blocks is not distinct from own.n_blocks
                and other.variant = own.variant
                and other.pooling = own.pooling
                and other.head = own.head
                and other.seed <> own.seed
            )
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
