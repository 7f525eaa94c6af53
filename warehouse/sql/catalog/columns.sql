-- One row per column of the table or view $relation.
-- key: column_name
select
    column_name,
    data_type,
    comment as description
from duckdb_columns()
where
    not internal
    and $relation = concat_ws('.', nullif(schema_name, 'main'), table_name)
order by column_index
