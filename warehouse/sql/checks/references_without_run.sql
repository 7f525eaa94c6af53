-- Similarities to another run that is not in the warehouse.
select distinct
    similarities.run_id,
    similarities.reference_run_id
from raw.similarities as similarities
anti join raw.runs as runs on similarities.reference_run_id = runs.run_id
where similarities.reference = 'run'
