-- One row per run of a network that was trained in several ways: the settings in which its runs differ, beside fold and
-- seed. A setting counts where runs of one study differ in it on one dataset, and is then named on all datasets.
-- Settings that differ between datasets alone make no variants: each dataset has its own image size.
-- variant: Names and values of the settings, as image_size 224, learning_rate 0.001.
-- key: run_id
with runs as (
    select
        run_id,
        hash(origin, backbone, pretraining, adaptation, n_blocks, pooling, head) as network,
        hash(study, dataset) as place,
        [
            hyperparameters,
            hyperparameters -> 'training',
            json_merge_patch(
                coalesce(hyperparameters -> 'dataset', '{}'), '{"image_size": null, "batch_size": null}'
            ),
            json_object('image_size', image_size, 'n_folds', n_folds, 'data', data_hash[:8])
        ] as sections
    from raw.runs
    where status not in ('diverged', 'summary')
),

candidates as (
    select network
    from runs
    group by network, place
    having count(distinct sections::varchar) > 1
),

parts as (
    select
        run_id,
        network,
        place,
        unnest(sections) as section
    from runs
    where network in (select candidates.network from candidates)
),

named as (
    select
        run_id,
        network,
        place,
        section,
        unnest(json_keys(section)) as setting
    from parts
),

settings as (
    select
        run_id,
        network,
        place,
        setting,
        coalesce(section ->> setting, 'none') as chosen
    from named
    where
        setting not in (
            'training', 'dataset', 'probing', 'source', 'inputs', 'threads', 'processes', 'learning_rate_used',
            'validation_loss_by_learning_rate', 'n_trainable_parameters_by_phase'
        )
),

differing as (
    select
        network,
        setting
    from settings
    group by network, place, setting
    having count(distinct chosen) > 1
)

select
    run_id,
    string_agg(setting || ' ' || chosen, ', ' order by setting) as variant
from settings
where (network, setting) in (select (differing.network, differing.setting) from differing)
group by run_id
