-- One row per run, score before the first step and outcome after fine-tuning, of runs whose similarity was measured.
-- What the untrained head predicts says nothing of the network and is left out.
-- key: run_id, split, confidence_source, token, n_neighbours, score, outcome
with outcomes as (
    select distinct
        points.run_id,
        points.outcome,
        points.outcome_value
    from marts.similarity_by_outcome as points
)

select
    known.origin,
    known.study,
    known.run_id,
    known.dataset,
    known.backbone,
    known.pretraining,
    known.adaptation,
    known.n_blocks,
    known.variant,
    known.pooling,
    known.head,
    known.split,
    known.confidence_source,
    known.token,
    known.n_neighbours,
    known.score,
    known.value,
    outcomes.outcome,
    outcomes.outcome_value
from marts.scores_before as known
inner join outcomes on known.run_id = outcomes.run_id
where
    known.confidence_source <> 'head'
    or known.score = 'logme'
    or starts_with(known.score, 'linear_probe_')
