-- One row per claim and rigour: the verdict over all of its panels.
-- key: source, claim, rigour
select
    source,
    claim,
    text,
    kind,
    expects,
    scope,
    rigour,
    verdict,
    n_panels,
    n_supported,
    n_contradicted,
    n_equivalent,
    n_inconclusive,
    level,
    margin,
    analysis_id
from results.claims
qualify row_number() over (
    partition by source, claim, rigour
    order by abs(level - 0.95), analysis_id
) = 1
order by source, claim, rigour
