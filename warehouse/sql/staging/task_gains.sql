-- One row per run and task score on the held-out fold: the score of the head, and that of the run from scratch.
-- The run from scratch has the same origin, dataset, backbone, pooling, head, image size, fold and seed; one of the
-- same study goes before one of another, and among those one that was trained in the same variant. Fold 1 of other data
-- or of another split has other images, and is no partner; what a run does not record, as imported runs do not, is no
-- obstacle. A run from scratch has no gain of its own.
-- value: Score of the run.
-- scratch_run_id: Run from scratch that it is compared with.
-- scratch_value: Score of the run from scratch.
-- key: run_id, score
with final_scores as (
    select
        runs.origin,
        runs.study,
        runs.run_id,
        runs.dataset,
        runs.backbone,
        runs.adaptation,
        runs.variant,
        runs.pooling,
        runs.head,
        runs.image_size,
        runs.fold,
        runs.n_folds,
        runs.seed,
        runs.data_hash,
        runs.split_hash,
        scores.score,
        scores.value
    from staging.runs as runs
    inner join raw.scores as scores
        on
            runs.run_id = scores.run_id
            and runs.selected_epoch is not distinct from scores.epoch
    where
        scores.split = 'test'
        and scores.confidence_source = 'head'
        and scores.score in (
            'accuracy',
            'balanced_accuracy',
            'auc',
            'auc_ovr_weighted',
            'auc_ovr_macro',
            'map_macro',
            'kappa_quadratic',
            'recall_macro',
            'f1_macro'
        )
)

select
    tuned.run_id,
    tuned.score,
    tuned.value,
    scratch.run_id as scratch_run_id,
    scratch.value as scratch_value
from final_scores as tuned
inner join final_scores as scratch
    on
        tuned.origin = scratch.origin
        and tuned.dataset = scratch.dataset
        and tuned.backbone = scratch.backbone
        and tuned.pooling = scratch.pooling
        and tuned.head = scratch.head
        and tuned.image_size is not distinct from scratch.image_size
        and tuned.fold is not distinct from scratch.fold
        and tuned.n_folds is not distinct from scratch.n_folds
        and tuned.seed is not distinct from scratch.seed
        and tuned.score = scratch.score
        and coalesce(tuned.data_hash = scratch.data_hash, true)
        and coalesce(tuned.split_hash = scratch.split_hash, true)
where
    tuned.adaptation <> 'scratch'
    and scratch.adaptation = 'scratch'
qualify row_number() over (
    partition by tuned.run_id, tuned.score
    order by
        tuned.study = scratch.study desc,
        tuned.variant = scratch.variant desc,
        scratch.run_id asc
) = 1
