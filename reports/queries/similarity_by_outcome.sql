-- One row per run, layer, measure and outcome: the points behind the regressions.
-- key: run_id, layer, token, probe, measure, outcome
select
    points.origin,
    sets.studies as study,
    points.dataset,
    points.backbone,
    points.pretraining,
    points.adaptation,
    points.n_blocks,
    points.variant,
    points.run_id,
    points.fold,
    points.seed,
    points.layer,
    points.token,
    points.probe,
    points.measure,
    points.similarity,
    points.outcome,
    points.outcome_value
from marts.similarity_by_outcome as points
inner join staging.studies as sets on points.origin = sets.origin and points.study = sets.study
order by
    origin, study, outcome, measure, token, probe, backbone, pretraining, adaptation, dataset, run_id, layer
