-- One row per network and dataset that the warehouse has runs of; gives each its colour.
-- key: origin, backbone, pretraining, dataset
select
    origin,
    backbone,
    pretraining,
    dataset,
    count(*) as n_runs
from raw.runs
where status <> 'summary'
group by origin, backbone, pretraining, dataset
order by origin, backbone, pretraining, dataset
