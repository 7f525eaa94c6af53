-- One row per origin and study: the studies that are analysed together. Studies of which none has a cell (dataset and
-- network) of another complete each other, and are one set; a study that repeats a cell of another stands alone, so
-- that runs which were trained differently are never averaged. A study also stands alone where another has other images
-- under the same name: other data of a dataset, or another split of a fold. Within a set, runs are matched by dataset,
-- fold and seed. What a run does not record, as imported runs do not, sets no studies apart.
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

images as (
    select distinct
        origin,
        study,
        dataset,
        fold,
        n_folds,
        data_hash,
        split_hash
    from staging.runs
),

other_images as (
    select distinct
        first_images.origin,
        first_images.study
    from images as first_images
    inner join images as second_images
        on
            first_images.origin = second_images.origin
            and first_images.study <> second_images.study
            and first_images.dataset = second_images.dataset
            and (
                first_images.data_hash <> second_images.data_hash
                or (
                    first_images.fold is not distinct from second_images.fold
                    and first_images.n_folds is not distinct from second_images.n_folds
                    and first_images.split_hash <> second_images.split_hash
                )
            )
),

apart as (
    select
        origin,
        study
    from repeated
    union
    select
        origin,
        study
    from other_images
),

studies as (
    select distinct
        cells.origin,
        cells.study,
        apart.study is not null as stands_alone
    from cells
    left join apart
        on
            cells.origin = apart.origin
            and cells.study = apart.study
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
