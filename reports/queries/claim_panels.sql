-- One row per claim, rigour and panel: the effect behind a verdict.
-- key: source, claim, rigour, panel
select
    claims.source,
    panels.claim,
    panels.rigour,
    panels.panel,
    panels.verdict,
    panels.estimate,
    panels.ci_low,
    panels.ci_high,
    panels.p_value,
    panels.reason,
    panels.n_runs,
    panels.n_clusters,
    panels.run_ids,
    panels.analysis_id
from results.claim_panels as panels
inner join results.claims as claims
    on
        panels.analysis_id = claims.analysis_id
        and panels.claim = claims.claim
        and panels.rigour = claims.rigour
qualify row_number() over (
    partition by claims.source, panels.claim, panels.rigour, panels.panel
    order by abs(claims.level - 0.95), panels.analysis_id
) = 1
order by claims.source, panels.claim, panels.rigour, panels.panel
