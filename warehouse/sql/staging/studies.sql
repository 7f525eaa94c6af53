-- One row per origin and study: the studies that are analysed together. Studies of which none has a cell (dataset and
-- network) of another complete each other, and are one set; a study that repeats a cell of another stands alone, so
-- that runs which were trained differently are never averaged.
-- studies: Name of the set: its studies, joined by +.
-- key: origin, study
with cells as (
    select distinct
        origin,
        study,
        dataset,
        backbone,
        pretraining,
        adaptation,
        n_blocks,
        pooling,
        head
    from staging.runs
),

repeated as (
    select distinct
        first_cells.origin,
        first_cells.study
    from cells as first_cells
    inner join cells as second_cells
        on
            first_cells.origin = second_cells.origin
            and first_cells.study <> second_cells.study
            and first_cells.dataset = second_cells.dataset
            and first_cells.backbone = second_cells.backbone
            and first_cells.pretraining = second_cells.pretraining
            and first_cells.adaptation = second_cells.adaptation
            and first_cells.n_blocks is not distinct from second_cells.n_blocks
            and first_cells.pooling = second_cells.pooling
            and first_cells.head = second_cells.head
),

studies as (
    select distinct
        cells.origin,
        cells.study,
        repeated.study is not null as stands_alone
    from cells
    left join repeated
        on
            cells.origin = repeated.origin
            and cells.study = repeated.study
)

select
    origin,
    study,
    if(
        stands_alone,
        study,
        string_agg(study, ' + ' order by study) over (partition by origin, stands_alone)
    ) as studies
from studies
