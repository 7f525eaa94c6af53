-- One row per printed cell or pair of cells held against the rest of its table or the text.
-- key: number
select
    number,
    printed_table,
    kind,
    states,
    table_row,
    table_column,
    printed,
    found,
    is_consistent,
    p_value,
    explanation,
    analysis_id
from results.audits
qualify rank() over (
    order by analysis_id
) = 1
order by number
