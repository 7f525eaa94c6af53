-- One row per run, layer, reference and measure at the epoch that stands for the run; diverged runs are left out.
-- reference_pretraining: Pretraining of the other run; null unless the reference is a run.
-- reference_adaptation: Adaptation of the other run; null unless the reference is a run.
-- key: run_id, layer, token, reference, reference_run_id, reference_layer, probe, measure
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
    runs.split_hash,
    similarities.epoch,
    similarities.layer,
    similarities.token,
    similarities.reference,
    similarities.reference_run_id,
    similarities.reference_layer,
    reference_runs.pretraining as reference_pretraining,
    reference_runs.adaptation as reference_adaptation,
    similarities.probe,
    similarities.measure,
    similarities.value,
    similarities.null_mean,
    similarities.null_sd,
    similarities.null_p_value,
    similarities.calibrated_value,
    similarities.ci_low,
    similarities.ci_high,
    similarities.ci_variance_ratio,
    similarities.unit,
    similarities.n_images,
    similarities.n_rows,
    similarities.n_features,
    similarities.n_features_reference,
    similarities.n_effective,
    similarities.top_image_influence,
    similarities.trimmed_value,
    similarities.effective_rank,
    similarities.top_component_share,
    similarities.is_remeasured
from staging.runs as runs
inner join staging.similarities as similarities
    on
        runs.run_id = similarities.run_id
        and runs.selected_epoch is not distinct from similarities.epoch
left join staging.runs as reference_runs on similarities.reference_run_id = reference_runs.run_id
