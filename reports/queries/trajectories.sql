-- One row per run, epoch, layer and measure: similarity to the pre-trained model, and scores of that epoch.
-- key: run_id, epoch, layer, token, probe, measure
select
    steps.origin,
    sets.studies as study,
    steps.dataset,
    steps.backbone,
    steps.pretraining,
    steps.adaptation,
    steps.n_blocks,
    steps.variant,
    steps.pooling,
    steps.head,
    steps.run_id,
    steps.fold,
    steps.seed,
    steps.epoch,
    steps.layer,
    steps.token,
    steps.probe,
    steps.measure,
    steps.similarity,
    steps.test_accuracy,
    steps.test_calibration_error
from marts.trajectories as steps
inner join staging.studies as sets on steps.origin = sets.origin and steps.study = sets.study
where steps.reference = 'pretrained' and steps.reference_layer = steps.layer
window trajectory as (partition by steps.run_id, steps.layer, steps.token, steps.probe, steps.measure)
qualify min(steps.epoch) over trajectory < max(steps.epoch) over trajectory
order by
    origin, study, dataset, measure, token, probe, adaptation, n_blocks, variant, backbone, pretraining, run_id, layer,
    epoch
