-- One row per run, epoch, layer, reference and measure: the way of a representation, and the scores of that epoch.
-- A score that was not recorded at that epoch is null.
-- is_selected: Whether the epoch is the one that stands for the run.
-- similarity: Value of the measure.
-- train_loss: Loss of the head on the images that it is trained on.
-- validation_loss: Loss of the head on the inner validation split.
-- test_loss: Loss of the head on the held-out fold.
-- test_accuracy: Accuracy of the head on the held-out fold, in [0, 1].
-- test_calibration_error: ece_width_15 of the head on the held-out fold, in [0, 1].
-- key: run_id, epoch, layer, token, reference, reference_run_id, reference_layer, probe, measure
with epoch_scores as (
    select
        scores.run_id,
        scores.epoch,
        max(scores.value) filter (scores.split = 'train' and scores.score = 'loss') as train_loss,
        max(scores.value) filter (scores.split = 'validation' and scores.score = 'loss') as validation_loss,
        max(scores.value) filter (scores.split = 'test' and scores.score = 'loss') as test_loss,
        max(scores.value) filter (scores.split = 'test' and scores.score = 'accuracy') as test_accuracy,
        max(scores.value) filter (scores.split = 'test' and scores.score = 'ece_width_15') as test_calibration_error
    from raw.scores as scores
    where scores.confidence_source = 'head'
    group by scores.run_id, scores.epoch
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
    similarities.epoch,
    similarities.epoch = runs.selected_epoch as is_selected,
    similarities.layer,
    similarities.token,
    similarities.reference,
    similarities.reference_run_id,
    similarities.reference_layer,
    similarities.probe,
    similarities.measure,
    similarities.value as similarity,
    similarities.null_mean,
    similarities.calibrated_value,
    epoch_scores.train_loss,
    epoch_scores.validation_loss,
    epoch_scores.test_loss,
    epoch_scores.test_accuracy,
    epoch_scores.test_calibration_error
from staging.runs as runs
inner join staging.similarities as similarities on runs.run_id = similarities.run_id
left join epoch_scores
    on
        similarities.run_id = epoch_scores.run_id
        and similarities.epoch = epoch_scores.epoch
where similarities.epoch is not null
