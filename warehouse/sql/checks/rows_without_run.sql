-- Rows of a run that is not in raw.runs: a write that was not whole.
select
    'scores' as relation,
    scores.run_id
from raw.scores as scores
anti join raw.runs as runs on scores.run_id = runs.run_id
union
select
    'score_intervals' as relation,
    intervals.run_id
from raw.score_intervals as intervals
anti join raw.runs as runs on intervals.run_id = runs.run_id
union
select
    'similarities' as relation,
    similarities.run_id
from raw.similarities as similarities
anti join raw.runs as runs on similarities.run_id = runs.run_id
union
select
    'parameter_distances' as relation,
    distances.run_id
from raw.parameter_distances as distances
anti join raw.runs as runs on distances.run_id = runs.run_id
union
select
    'attention' as relation,
    attention.run_id
from raw.attention as attention
anti join raw.runs as runs on attention.run_id = runs.run_id
union
select
    'filter_shapes' as relation,
    shapes.run_id
from raw.filter_shapes as shapes
anti join raw.runs as runs on shapes.run_id = runs.run_id
union
select
    'timings' as relation,
    timings.run_id
from raw.timings as timings
anti join raw.runs as runs on timings.run_id = runs.run_id
union
select
    'summaries' as relation,
    summaries.run_id
from raw.summaries as summaries
anti join raw.runs as runs on summaries.run_id = runs.run_id
