-- Runs that have scores, but none at the epoch that stands for them: marts would miss the run without a word.
select
    runs.run_id,
    runs.study,
    runs.selected_epoch
from raw.runs as runs
semi join raw.scores as scores on runs.run_id = scores.run_id
anti join raw.scores as final_scores
    on
        runs.run_id = final_scores.run_id
        and runs.selected_epoch is not distinct from final_scores.epoch
where runs.status <> 'diverged'
