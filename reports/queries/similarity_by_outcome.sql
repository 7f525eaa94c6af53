-- One row per run, layer, measure and outcome: the points behind the regressions.
-- key: run_id, layer, token, probe, measure, outcome
select
    origin,
    dataset,
    backbone,
    pretraining,
    adaptation,
    n_blocks,
    run_id,
    fold,
    seed,
    layer,
    token,
    probe,
    measure,
    similarity,
    outcome,
    outcome_value
from marts.similarity_by_outcome
order by
    origin, outcome, measure, token, probe, backbone, pretraining, adaptation, dataset, run_id, layer
