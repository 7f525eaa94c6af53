-- Results that rest on a run that is not in the warehouse any more.
with used as (
    select
        analysis_id,
        unnest(run_ids) as run_id
    from results.intervals
    union
    select
        analysis_id,
        unnest(run_ids) as run_id
    from results.regressions
    union
    select
        analysis_id,
        unnest(run_ids) as run_id
    from results.memberships
)

select
    analyses.name,
    used.analysis_id,
    used.run_id
from used
inner join results.analyses as analyses on used.analysis_id = analyses.analysis_id
anti join raw.runs as runs on used.run_id = runs.run_id
