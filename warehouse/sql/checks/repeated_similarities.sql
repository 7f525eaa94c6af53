-- Similarities that are there more than once.
select
    run_id,
    epoch,
    layer,
    token,
    reference,
    reference_run_id,
    reference_layer,
    probe,
    measure,
    count(*) as n_rows
from raw.similarities
group by run_id, epoch, layer, token, reference, reference_run_id, reference_layer, probe, measure
having count(*) > 1
