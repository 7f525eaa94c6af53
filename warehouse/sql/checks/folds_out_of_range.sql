-- Runs whose fold is not between 1 and the number of folds.
select
    run_id,
    study,
    fold,
    n_folds
from raw.runs
where fold < 1 or fold > n_folds
