-- One row per cell of Tables 1 and 2 of Pales Huix et al.: gain over the baseline that was fine-tuned whole.
-- key: training, table_row, table_column
with cells as (
    select
        printed_table,
        table_row,
        table_column,
        cast(printed as double) as estimate,
        analysis_id
    from results.printed_numbers
    where printed_table in ('pales2024_table1', 'pales2024_table2')
    qualify rank() over (
        partition by printed_table
        order by analysis_id
    ) = 1
),

sources as (
    select
        table_row as network,
        cast(printed as double) as n_source_images
    from results.printed_numbers
    where
        printed_table = 'pales2024_sources'
        and table_column = 'source images'
    qualify rank() over (
        order by analysis_id
    ) = 1
)

select
    if(cells.printed_table = 'pales2024_table1', 'frozen', 'unfrozen') as training,
    cells.table_row,
    cells.table_column,
    split_part(cells.table_row, ' ', 1) as network,
    coalesce(nullif(split_part(cells.table_row, ' ', 2), ''), 'linear') as head,
    cells.estimate,
    baselines.estimate as baseline,
    (cells.estimate - baselines.estimate) / baselines.estimate as gain_ratio,
    sources.n_source_images,
    cells.analysis_id
from cells
inner join cells as baselines
    on
        cells.table_column = baselines.table_column
        and baselines.printed_table = 'pales2024_table2'
        and baselines.table_row = 'ImNet-1k-Sup'
left join sources on split_part(cells.table_row, ' ', 1) = sources.network
order by training, sources.n_source_images, cells.table_row, cells.table_column
