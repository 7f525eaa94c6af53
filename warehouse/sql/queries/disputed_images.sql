-- On which images do networks disagree?
-- One row per image of a held-out fold: how many runs get it right, which networks always do and which never; first the
-- images that divide the runs evenly. One with n_correct 0 may be mislabelled. Tasks with one label per image only.
-- $dataset: Target dataset; all when it is not given.
with said as (
    select
        runs.study,
        runs.dataset,
        predictions.sample_id,
        predictions.group_id,
        predictions.label,
        predictions.run_id,
        concat_ws(
            ' / ', runs.backbone, runs.pretraining, concat_ws(' ', runs.adaptation, runs.n_blocks),
            nullif(runs.variant, ''), runs.pooling, runs.head
        ) as network,
        list_position(predictions.probabilities, list_max(predictions.probabilities)) - 1 = predictions.label
            as is_correct,
        predictions.probabilities[predictions.label + 1] as probability
    from predictions
    inner join staging.runs as runs
        on
            predictions.run_id = runs.run_id
            and runs.selected_epoch is not distinct from predictions.epoch
    where
        predictions.split = 'test'
        and predictions.confidence_source = 'head'
        and predictions.label is not null
),

networks as (
    select
        study,
        dataset,
        sample_id,
        network,
        any_value(group_id) as group_id,
        any_value(label) as true_class,
        count(*) as n_asked,
        count(*) filter (is_correct) as n_right,
        sum(probability) as probability
    from said
    group by study, dataset, sample_id, network
)

select
    study,
    dataset,
    sample_id,
    any_value(group_id) as group_id,
    any_value(true_class) as true_class,
    sum(n_asked)::bigint as n_runs,
    sum(n_right)::bigint as n_correct,
    sum(probability) / sum(n_asked) as mean_probability_of_class,
    list(network order by network) filter (n_right = n_asked) as always_right,
    list(network order by network) filter (n_right = 0) as never_right
from networks
where ($dataset is null or dataset = $dataset)
group by study, dataset, sample_id
order by abs(sum(n_right) / sum(n_asked) - 0.5), dataset, study, sample_id
