-- Which network does best on each dataset?
-- One row per dataset and score: the cell with the highest mean over runs, and how far the second is behind. Whether
-- that is more than chance is not said here: see mean_and_interval_per_cell.
-- $score: Score; auc and auc_ovr_weighted when it is not given.
with cells as (
    select
        study,
        dataset,
        score,
        backbone,
        pretraining,
        adaptation,
        n_blocks,
        variant,
        pooling,
        head,
        avg(value) as mean_score,
        stddev_samp(value) as sd,
        count(*) as n_runs
    from marts.final_scores
    where
        split = 'test'
        and confidence_source = 'head'
        and ($score is null and score in ('auc', 'auc_ovr_weighted') or score = $score)
    group by study, dataset, score, backbone, pretraining, adaptation, n_blocks, variant, pooling, head
),

ranked as (
    select
        study,
        dataset,
        score,
        backbone,
        pretraining,
        adaptation,
        n_blocks,
        variant,
        pooling,
        head,
        mean_score,
        sd,
        n_runs,
        row_number() over cell_ranks as place,
        mean_score - lead(mean_score) over cell_ranks as ahead_of_second
    from cells
    window
        cell_ranks as (
            partition by dataset, score
            order by
                mean_score desc, backbone asc, pretraining asc, adaptation asc, n_blocks asc, variant asc, pooling asc,
                head asc
        )
)

select
    study,
    dataset,
    score,
    backbone,
    pretraining,
    adaptation,
    n_blocks,
    variant,
    pooling,
    head,
    mean_score,
    sd,
    n_runs,
    ahead_of_second
from ranked
where place = 1
order by dataset, score
