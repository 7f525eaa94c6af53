-- One row per column of the table or view $relation.
-- key: column_name
select
    column_name,
    data_type,
    comment as description
from duckdb_columns()
where
    not internal
    and if(schema_name = 'main', '', schema_name || '.') || table_name = $relation
order by column_index
