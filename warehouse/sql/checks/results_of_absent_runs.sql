-- Results that rest on a run that is not in the warehouse any more.
with used as (
    select distinct
        analysis_id,
        unnest(run_ids) as run_id
    from query_table(
        [
            'results.agreements',
            'results.binned_fits',
            'results.claim_panels',
            'results.comparisons',
            'results.correlation_equivalences',
            'results.dataset_slopes',
            'results.detectable_slopes',
            'results.forgetting',
            'results.gain_definitions',
            'results.intervals',
            'results.membership_probabilities',
            'results.memberships',
            'results.projections',
            'results.projections_before',
            'results.rankings',
            'results.regressions',
            'results.reliability',
            'results.similarity_differences',
            'results.similarity_distributions',
            'results.similarity_intervals',
            'results.slope_differences',
            'results.slope_equivalences',
            'results.specifications',
            'results.trajectories',
            'results.trajectory_shapes',
            'results.variance_components'
        ],
        true
    )
)

select
    analyses.name,
    used.analysis_id,
    used.run_id
from used
inner join results.analyses as analyses on used.analysis_id = analyses.analysis_id
anti join raw.runs as runs on used.run_id = runs.run_id
