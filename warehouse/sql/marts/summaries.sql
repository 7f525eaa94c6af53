-- One row per printed mean of a score over runs that were not published; no other mart counts it.
-- key: run_id, split, confidence_source, token, n_neighbours, score
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
    runs.pooling,
    runs.head,
    runs.image_size,
    summaries.split,
    summaries.confidence_source,
    summaries.token,
    summaries.n_neighbours,
    summaries.score,
    summaries.mean,
    summaries.sd,
    summaries.n_runs,
    summaries.source
from raw.runs as runs
inner join raw.summaries as summaries on runs.run_id = summaries.run_id
