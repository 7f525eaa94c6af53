-- One row per run, features, k and query of the source probe: was the vote of the neighbours right before fine-tuning,
-- and is it right at the epoch that stands for the run? Queries with one label only.
-- key: run_id, token, n_neighbours, sample_id
with votes as (
    select
        runs.origin,
        runs.study,
        runs.run_id,
        runs.dataset,
        runs.backbone,
        runs.pretraining,
        runs.adaptation,
        runs.n_blocks,
        runs.variant,
        runs.pooling,
        runs.head,
        runs.fold,
        runs.n_folds,
        runs.seed,
        runs.n_train,
        runs.n_test,
        runs.selected_epoch,
        predictions.epoch,
        predictions.token,
        predictions.n_neighbours,
        predictions.sample_id,
        predictions.group_id,
        list_position(predictions.probabilities, list_max(predictions.probabilities)) - 1 = predictions.label
            as is_correct
    from predictions
    inner join staging.runs as runs
        on
            predictions.run_id = runs.run_id
            and predictions.epoch in (0, runs.selected_epoch)
    where
        predictions.split = 'source'
        and predictions.confidence_source = 'knn'
        and predictions.label is not null
        and runs.selected_epoch > 0
)

select
    origin,
    study,
    run_id,
    dataset,
    backbone,
    pretraining,
    adaptation,
    n_blocks,
    variant,
    pooling,
    head,
    fold,
    n_folds,
    seed,
    n_train,
    n_test,
    token,
    n_neighbours,
    sample_id,
    any_value(group_id) as group_id,
    max(is_correct::integer) filter (epoch = 0) as was_right,
    max(is_correct::integer) filter (epoch = selected_epoch) as is_right
from votes
group by
    origin, study, run_id, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, fold, n_folds,
    seed, n_train, n_test, token, n_neighbours, sample_id
having count(*) = 2
