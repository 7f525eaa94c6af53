"""A user's query reads the warehouse; whatever else it attempts is refused in one line."""

from datetime import date

import duckdb
import numpy as np
import pytest

from tests.warehouse.small_runs import RUN
from warehouse.connection import connect
from warehouse.errors import WarehouseError
from warehouse.ingest import ingest
from warehouse.layout import Layout
from warehouse.sandbox import close_sandbox, query_rows
from warehouse.spool import RunWriter

SECRET = "the secret"


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    """Fill a warehouse with one run, and put a file with a secret beside it."""
    outside = tmp_path_factory.mktemp("outside")
    layout = Layout(outside / "warehouse")
    with RunWriter(layout, "run1") as writer:
        writer.append_activations(
            epoch=0,
            layer="block1",
            token="mean",
            probe="source",
            sample_ids=["a", "b"],
            activations=np.array([[3, 4], [0, 1]], np.float32),
        )
        writer.finish(RUN)
    ingest(layout)
    (outside / "secret.csv").write_text(f"a\n{SECRET}\n")
    (layout.root / "queries").mkdir()
    (layout.root / "queries" / "mine.sql").write_text(f"select '{SECRET}'")
    (layout.run("run1") / "secret.csv").symlink_to(outside / "secret.csv")
    (layout.run("run1") / "outside").symlink_to(outside)
    return layout


@pytest.fixture
def sandboxed(layout):
    """Connect to the warehouse as `repdrift sql` does."""
    with connect(layout.root) as con:
        close_sandbox(con, layout)
        yield con


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select count(*) from raw.runs", [(1,)]),
        ("from marts.final_scores", []),
        ("select layer, list_sum(activation) as n from activations order by n",
         [("block1", 1), ("block1", 7)]),
        ("with a as (select 1 as b) select b + $more from a", [(3,)]),
        ("select column_name from (describe raw.timings) limit 1", [("run_id",)]),
        ("values (1), (2);", [(1,), (2,)]),
        ("select timestamp '2026-01-03' - timestamp '2026-01-02' as \"a \"\"b\"\"\", 1 as c",
         [("1 day", 1)]),
        ("select {'a': interval 2 hour} as a, union_value(b := 3) as u",
         [("{'a': '02:00:00'}", "3")]),
        ("select 1::hugeint as h, '101'::bit as b, 12::bignum as v", [(1, "101", "12")]),
        ("select 'infinity'::date as a, '-infinity'::timestamptz as b,"
         " '290000-01-01'::timestamp as c",
         [("infinity", "-infinity", "290000-01-01 00:00:00")]),
        ("select date '9999-12-31' as a, null::date as b, 'infinity'::timestamp_ns as c",
         [(date.max, None, "infinity")]),
    ],
)  # fmt: skip
def test_reads(sandboxed, query, expected):
    parameters = {"more": 2} if "$more" in query else None
    assert query_rows(sandboxed, query, parameters).rows() == expected


@pytest.mark.parametrize(
    ("query", "parameters", "message"),
    [
        ("select $score", {}, r"\$score has no value: give -p score=\.\.\."),
        ("select $score", {"scroe": "auc"}, "the query has no parameter 'scroe'; it has score"),
        ("select 1", {"score": "auc"}, "the query has no parameter 'score'; it has none"),
    ],
)
def test_refuses_a_query_without_its_values(sandboxed, query, parameters, message):
    with pytest.raises(WarehouseError, match=message):
        query_rows(sandboxed, query, parameters)


ESCAPES = [
    # read another file
    "select * from read_text('{outside}/secret.csv')",
    "select * from read_csv('{outside}/secret.csv')",
    "select * from read_csv('{runs}/../../secret.csv')",
    "select * from read_csv('{runs}/run1/../../../secret.csv')",
    "select * from '{outside}/secret.csv'",
    "select * from read_blob('/etc/passwd')",
    "select * from sniff_csv('{outside}/secret.csv')",
    "select * from glob('{outside}/*')",
    "select * from parquet_metadata('{outside}/secret.csv')",
    "select * from read_csv('/dev/stdin')",
    "select * from 'https://example.org/a.csv'",
    "select * from query('from read_text(''{outside}/secret.csv'')')",
    "select getenv('HOME')",
    "select * from read_text('{runs}/run1/outside/secret.csv')",
    "select * from read_csv('{runs}/run1/secret.csv')",
    "select * from read_text('{runs}/run1/*')",
    "select * from glob('{runs}/run1/outside/*')",
    "select * from '{runs}/run1/outside/secret.csv'",
    "select * from read_text('file://{outside}/secret.csv')",
    "select * from read_text('{runs}/../queries/mine.sql')",
    "select * from read_json('{outside}/secret.csv')",
    "select * from read_ndjson_objects(['{outside}/secret.csv'])",
    "select * from parquet_kv_metadata('{outside}/secret.csv')",
    "select * from query_table('{outside}/secret.csv')",
    "select * from query('copy raw.runs to ''{outside}/x.csv'' ')",
    "select * from read_parquet('s3://bucket/x.parquet')",
    "select * from read_text('hf://datasets/x/y')",
    "select * from arrow_scan(1, 2, 3)",
    "select * from pandas_scan(1)",
    # read a variable of this process
    "select * from SECRET",
    # write a file, in the runs too
    "copy raw.runs to '{outside}/x.csv'",
    "copy raw.runs to '{runs}/x.csv'",
    "copy (select 1) to '/dev/stdout'",
    "export database '{runs}/x'",
    "explain analyze copy raw.runs to '{runs}/x.csv'",
    "explain analyze delete from raw.runs",
    "select 1; copy raw.runs to '{runs}/x.csv'",
    "prepare p as copy raw.runs to '{runs}/x.csv'",
    # other databases
    "attach '{outside}/x.duckdb'",
    "attach ':memory:' as m",
    "select * from read_duckdb('{outside}/x.duckdb')",
    "import database '{outside}'",
    "detach warehouse",
    "copy from database warehouse to memory",
    "copy raw.runs from '{outside}/secret.csv'",
    "use temp",
    "select * from sqlite_scan('{outside}/x.db', 't')",
    "pragma import_database('{outside}')",
    # extensions, settings, secrets
    "install httpfs",
    "load httpfs",
    "load '{outside}/x.duckdb_extension'",
    "set enable_external_access = true",
    "set lock_configuration = false",
    "reset allowed_directories",
    "pragma enable_profiling",
    "create secret s (type http)",
    "set memory_limit = '1TB'",
    "call enable_logging()",
    "update extensions",
    "force install json",
    "set variable a = 1",
    "set search_path = 'temp'",
    "call add_parquet_key('k', '0123456789112345')",
    "drop secret s",
    "create macro m() as 1",
    "create or replace temp macro list_sum(a) as 1",
    "execute p",
    "deallocate p",
    # change what is there
    "insert into raw.timings values ('run1', 1, 'train', 1, 1)",
    "with gone as (delete from raw.runs returning *) select * from gone",
    "delete from raw.runs",
    "drop view marts.gains",
    "create or replace temp view activations as select 1",
    "create temp table x as select 1",
    "comment on table raw.runs is 'x'",
    "begin",
    "checkpoint",
    "vacuum",
    "analyze",
    "force checkpoint",
    "alter table raw.runs add column x int",
    "update raw.runs set study = 'x'",
    "merge into raw.runs using raw.timings as t on false when not matched then insert",
    "truncate raw.runs",
    "drop schema raw cascade",
    "create index i on raw.runs(study)",
    "create type t as enum ('a')",
    "create sequence s",
    "-- nothing",
    "",
]


@pytest.mark.parametrize("query", ESCAPES)
def test_refuses(sandboxed, layout, query):
    outside = layout.root.parent
    before = sorted(outside.rglob("*"))
    with pytest.raises(WarehouseError) as refusal:
        query_rows(sandboxed, query.format(outside=outside, runs=layout.runs))
    message = str(refusal.value)
    assert message
    assert "\n" not in message
    assert SECRET not in message
    assert sorted(outside.rglob("*")) == before
    assert sandboxed.execute("select count(*) from raw.runs").fetchone() == (1,)


@pytest.mark.parametrize(
    "statement",
    [
        "set enable_external_access = true",
        "set lock_configuration = false",
        "set allowed_directories = ['/']",
        "set memory_limit = '1TB'",
    ],
)
def test_the_connection_itself_holds_even_if_a_statement_gets_through(sandboxed, statement):
    with pytest.raises(duckdb.InvalidInputException, match="the configuration has been locked"):
        sandboxed.execute(statement)
    with pytest.raises(duckdb.PermissionException, match="disabled by configuration"):
        sandboxed.execute("select * from read_text('/etc/passwd')")


def test_says_what_is_wrong_with_a_query(sandboxed):
    with pytest.raises(WarehouseError, match='syntax error at or near "selec"'):
        query_rows(sandboxed, "selec 1")
    with pytest.raises(WarehouseError, match="Table with name scores does not exist"):
        query_rows(sandboxed, "from scores")
    with pytest.raises(WarehouseError, match="this text has 2"):
        query_rows(sandboxed, "select 1; select 2")
    with pytest.raises(WarehouseError, match=r"only a SELECT .* this is COPY"):
        query_rows(sandboxed, "copy raw.runs to 'x'")
