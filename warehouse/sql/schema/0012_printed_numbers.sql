-- The cells of printed tables as they stand on paper, so that a report can show them beside runs.

comment on column results.audits.kind is 'Kind of check: derived, largest_gain, greater, best, highest, repeated, sum_at_most, bracket_sign.';

create table results.printed_numbers (
    analysis_id varchar not null,
    printed_table varchar not null,
    number integer not null,
    table_row varchar not null,
    table_column varchar not null,
    printed varchar not null,
    sd varchar,
    n_runs integer,
    bracket varchar
);
comment on table results.printed_numbers is 'One row per cell of a printed table, as it stands there. Key: analysis_id, printed_table, number.';
comment on column results.printed_numbers.analysis_id is 'Analysis: the audit that read the table.';
comment on column results.printed_numbers.printed_table is 'Printed table, by the paper it is in.';
comment on column results.printed_numbers.number is 'Place of the cell in the table, from 1.';
comment on column results.printed_numbers.table_row is 'Row of the table.';
comment on column results.printed_numbers.table_column is 'Column of the table.';
comment on column results.printed_numbers.printed is 'Number as printed, with its digits and unit.';
comment on column results.printed_numbers.sd is 'What is printed after the plus-minus sign.';
comment on column results.printed_numbers.n_runs is 'Runs behind the number; null when it is not said.';
comment on column results.printed_numbers.bracket is 'What is printed in brackets, with its sign.';
