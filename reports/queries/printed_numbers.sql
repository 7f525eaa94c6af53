-- One row per cell of a printed table, as it stands on paper and as numbers.
-- key: printed_table, number
select
    printed_table,
    number,
    table_row,
    table_column,
    printed,
    sd as printed_sd,
    bracket as printed_bracket,
    n_runs,
    analysis_id,
    cast(printed as double) as estimate,
    cast(sd as double) as sd,
    cast(bracket as double) as bracket
from results.printed_numbers
qualify
    rank() over (
        partition by printed_table
        order by analysis_id
    ) = 1
order by printed_table, number
