-- One row per run and score of the neighbours' vote on the source probe, at the selected epoch.
-- Of several votes: on the features that the head takes if there is one, then the smallest number of neighbours that
-- is at least 10 (the largest, where all are below 10).
-- key: run_id, score
select
    runs.run_id,
    scores.score,
    scores.value,
    scores.token,
    scores.n_neighbours
from raw.runs as runs
inner join raw.scores as scores
    on
        runs.run_id = scores.run_id
        and runs.selected_epoch is not distinct from scores.epoch
where
    runs.status <> 'diverged'
    and scores.split = 'source'
    and scores.confidence_source = 'knn'
qualify row_number() over (
    partition by runs.run_id, scores.score
    order by
        runs.pooling = scores.token desc,
        scores.token asc,
        scores.n_neighbours < 10 asc,
        abs(scores.n_neighbours - 10) asc
) = 1
