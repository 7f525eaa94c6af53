-- One row per pre-trained network, features, number of neighbours and score: k-NN on target images, before training,
-- at the lowest resolution of the network on the dataset.
-- key: origin, study, dataset, backbone, pretraining, token, n_neighbours, score
select
    runs.origin,
    runs.study,
    runs.dataset,
    runs.backbone,
    runs.pretraining,
    scores.token,
    scores.n_neighbours,
    scores.score,
    avg(scores.value order by runs.run_id) as mean,
    count(*) as n_runs,
    list(runs.run_id order by runs.run_id) as run_ids
from raw.runs as runs
inner join raw.scores as scores on runs.run_id = scores.run_id
where
    runs.status <> 'diverged'
    and runs.pretraining <> 'random'
    and scores.epoch = 0
    and scores.split = 'test'
    and scores.confidence_source = 'knn'
group by
    runs.origin, runs.study, runs.dataset, runs.backbone, runs.pretraining, scores.token, scores.n_neighbours,
    scores.score, runs.image_size
qualify row_number() over (
    partition by
        runs.origin, runs.study, runs.dataset, runs.backbone, runs.pretraining, scores.token, scores.n_neighbours,
        scores.score
    order by runs.image_size
) = 1
order by
    runs.origin, runs.study, scores.score, scores.token, scores.n_neighbours, runs.dataset, runs.backbone,
    runs.pretraining
