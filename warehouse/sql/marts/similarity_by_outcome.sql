-- One row per run, layer, measure and outcome: what the regressions of an outcome on similarity take.
-- auc_ovr_weighted, which is the AUC where there are two classes, goes by the name auc: datasets regress together.
-- similarity: Similarity to the run's own pre-trained start, at the same layer.
-- outcome: gain_difference:<score>, gain_ratio:<score>, score:<score> (head, held-out fold), calibration_error ...
-- outcome_value: Value; calibration_error is ece_width_15 of the head, ..._debiased ece_debiased_15, knn_... of votes.
-- n_neighbours: k of the k-NN vote (see staging.knn_outcomes); 0 for the head.
-- similarity_floor: Expected similarity when the images are paired at random; null when it was not computed.
-- similarity_calibrated: Its share of the way from that floor to 1, see staging.similarities; null without a floor.
-- similarity_low: Lower end of the 95 % interval of the similarity over images.
-- similarity_high: Upper end of the 95 % interval of the similarity over images.
-- scratch_value: Score of the run from scratch of the same fold and seed, where the outcome is a gain or a score.
-- key: run_id, layer, token, probe, measure, outcome
with outcomes as (
    select
        gains.run_id,
        'gain_difference:' || if(gains.score = 'auc_ovr_weighted', 'auc', gains.score) as outcome,
        gains.value - gains.scratch_value as outcome_value,
        gains.scratch_value,
        0 as n_neighbours
    from staging.task_gains as gains
    union all
    select
        gains.run_id,
        'gain_ratio:' || if(gains.score = 'auc_ovr_weighted', 'auc', gains.score) as outcome,
        (gains.value - gains.scratch_value) / nullif(gains.scratch_value, 0) as outcome_value,
        gains.scratch_value,
        0 as n_neighbours
    from staging.task_gains as gains
    union all
    select
        runs.run_id,
        'score:' || if(scores.score = 'auc_ovr_weighted', 'auc', scores.score) as outcome,
        scores.value as outcome_value,
        gains.scratch_value,
        0 as n_neighbours
    from staging.runs as runs
    inner join raw.scores as scores
        on
            runs.run_id = scores.run_id
            and runs.selected_epoch is not distinct from scores.epoch
    left join staging.task_gains as gains
        on
            runs.run_id = gains.run_id
            and scores.score = gains.score
    where scores.split = 'test' and scores.confidence_source = 'head'
    union all
    select
        runs.run_id,
        if(scores.score = 'ece_width_15', 'calibration_error', 'calibration_error_debiased') as outcome,
        scores.value as outcome_value,
        null as scratch_value,
        0 as n_neighbours
    from staging.runs as runs
    inner join raw.scores as scores
        on
            runs.run_id = scores.run_id
            and runs.selected_epoch is not distinct from scores.epoch
    where
        scores.split = 'test'
        and scores.confidence_source = 'head'
        and scores.score in ('ece_width_15', 'ece_debiased_15')
    union all
    select
        knn.run_id,
        if(knn.score = 'accuracy', 'knn_accuracy', 'knn_calibration_error') as outcome,
        knn.value as outcome_value,
        null as scratch_value,
        knn.n_neighbours
    from staging.knn_outcomes as knn
    where knn.score in ('accuracy', 'ece_width_15')
)

select
    runs.origin,
    runs.study,
    runs.run_id,
    runs.dataset,
    runs.task,
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
    similarities.layer,
    similarities.token,
    similarities.probe,
    similarities.measure,
    similarities.value as similarity,
    similarities.null_mean as similarity_floor,
    similarities.calibrated_value as similarity_calibrated,
    similarities.ci_low as similarity_low,
    similarities.ci_high as similarity_high,
    outcomes.outcome,
    outcomes.outcome_value,
    outcomes.scratch_value,
    outcomes.n_neighbours
from staging.runs as runs
inner join staging.similarities as similarities
    on
        runs.run_id = similarities.run_id
        and runs.selected_epoch is not distinct from similarities.epoch
inner join outcomes on runs.run_id = outcomes.run_id
where
    similarities.reference = 'pretrained'
    and similarities.reference_layer = similarities.layer
    and outcomes.outcome_value is not null
