-- One row per network, dataset and score on the test images: mean and SD over seeds.
select
    dataset, adaptation, pretraining, pooling, score,
    avg(value) as mean, stddev_samp(value) as sd, count(*) as n_runs
from marts.final_scores
where
    split = 'test' and confidence_source = 'head'
    and score in ('accuracy', 'ece_width_15', if(dataset = 'knee', 'kappa_quadratic', 'auc'))
group by all
order by all
