-- What is still missing?
-- One row per cell and seed that has fewer runs than folds: collected, or diverged, folds are listed.
select
    study,
    dataset,
    backbone,
    pretraining,
    adaptation,
    n_blocks,
    pooling,
    head,
    seed,
    n_folds,
    count(*) filter (status <> 'diverged') as n_complete,
    list(fold order by fold) filter (status <> 'diverged') as complete_folds,
    list(fold order by fold) filter (status = 'diverged') as diverged_folds
from raw.runs
where n_folds is not null and adaptation <> 'none'
group by study, dataset, backbone, pretraining, adaptation, n_blocks, pooling, head, seed, n_folds
having count(*) filter (status <> 'diverged') < n_folds
order by study, dataset, backbone, pretraining, adaptation, n_blocks, seed
