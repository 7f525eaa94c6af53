-- One row per table or view of the warehouse; those without a schema are views of the runs' Parquet files.
-- key: relation
select
    schema_name || '.' || table_name as relation,
    column_count as n_columns,
    comment as description
from duckdb_tables()
where not internal
union all
select
    if(temporary, view_name, schema_name || '.' || view_name) as relation,
    column_count as n_columns,
    comment as description
from duckdb_views()
where not internal
order by relation
