-- One row per run that counts, under the set of studies that it is analysed in: the cell, and its place in it.
-- study: Name of the set of studies (see staging.studies).
-- cell: Number of the cell: runs of one cell differ in fold and seed alone.
-- place: From 1, by fold, seed and run. Where one run stands for its cell, it is the first.
-- key: run_id
select
    runs.origin,
    joined.studies as study,
    runs.run_id,
    runs.dataset,
    runs.backbone,
    runs.pretraining,
    runs.adaptation,
    runs.n_blocks,
    runs.variant,
    runs.pooling,
    runs.head,
    runs.fold,
    runs.seed,
    runs.selected_epoch,
    dense_rank() over (
        order by
            runs.origin, joined.studies, runs.dataset, runs.backbone, runs.pretraining, runs.adaptation, runs.n_blocks,
            runs.variant, runs.pooling, runs.head
    ) as cell,
    row_number() over (
        partition by
            runs.origin, joined.studies, runs.dataset, runs.backbone, runs.pretraining, runs.adaptation, runs.n_blocks,
            runs.variant, runs.pooling, runs.head
        order by runs.fold, runs.seed, runs.run_id
    ) as place
from staging.runs as runs
inner join staging.studies as joined on runs.origin = joined.origin and runs.study = joined.study
