-- One row per run, epoch, layer and measure: similarity to the pre-trained model, and scores of that epoch.
-- key: run_id, epoch, layer, token, probe, measure
select
    origin,
    dataset,
    backbone,
    pretraining,
    adaptation,
    n_blocks,
    pooling,
    head,
    run_id,
    fold,
    seed,
    epoch,
    layer,
    token,
    probe,
    measure,
    similarity,
    test_accuracy,
    test_calibration_error
from marts.trajectories
where reference = 'pretrained' and reference_layer = layer
qualify max(epoch) over (partition by run_id, layer, token, probe, measure) > 0
order by
    origin, dataset, measure, token, probe, adaptation, n_blocks, backbone, pretraining, run_id, layer, epoch
