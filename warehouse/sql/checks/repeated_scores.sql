-- Scores that are there more than once.
select
    run_id,
    epoch,
    split,
    confidence_source,
    token,
    n_neighbours,
    score,
    count(*) as n_rows
from raw.scores
group by run_id, epoch, split, confidence_source, token, n_neighbours, score
having count(*) > 1
