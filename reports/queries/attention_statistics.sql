-- One row per cell, probe, block and statistic of attention: mean over runs before and after fine-tuning.
-- Frozen networks look the same before and after, and are left out.
-- key: origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, probe, layer, statistic
select
    runs.origin,
    sets.studies as study,
    runs.dataset,
    runs.backbone,
    runs.pretraining,
    runs.adaptation,
    runs.n_blocks,
    runs.variant,
    runs.pooling,
    runs.head,
    looks.probe,
    looks.layer,
    looks.statistic,
    avg(looks.value order by runs.run_id) filter (where looks.epoch = 0) as before,
    avg(looks.value order by runs.run_id) filter (where looks.epoch = runs.selected_epoch) as after,
    count(*) filter (where looks.epoch = runs.selected_epoch) as n_runs,
    list(runs.run_id order by runs.run_id) filter (where looks.epoch = runs.selected_epoch) as run_ids
from raw.attention as looks
inner join staging.runs as runs on looks.run_id = runs.run_id
inner join staging.studies as sets on runs.origin = sets.origin and runs.study = sets.study
where runs.adaptation not in ('scratch', 'linear', 'none')
group by
    runs.origin, sets.studies, runs.dataset, runs.backbone, runs.pretraining, runs.adaptation, runs.n_blocks,
    runs.variant, runs.pooling, runs.head, looks.probe, looks.layer, looks.statistic
having count(*) filter (where looks.epoch = 0) > 0 and count(*) filter (where looks.epoch = runs.selected_epoch) > 0
order by
    origin, study, probe, dataset, adaptation, n_blocks, variant, pooling, head, backbone, pretraining, layer, statistic
