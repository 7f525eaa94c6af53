-- Which files of warehouse/sql made this database: its version.

create schema if not exists meta;

create table meta.sql_files (
    path varchar primary key,
    sha256 varchar not null,
    applied_at timestamptz not null
);
comment on table meta.sql_files is 'One row per SQL file that made this database; the numbered files of the schema are its version. Key: path.';
comment on column meta.sql_files.path is 'Path below warehouse/sql.';
comment on column meta.sql_files.sha256 is 'SHA-256 of the file when it was applied.';
comment on column meta.sql_files.applied_at is 'When it was applied.';
