-- One row per network, dataset and score of the 20-NN vote on CIFAR-10: mean and SD over seeds.
select
    dataset, adaptation, pretraining, pooling, score,
    avg(value) as mean, stddev_samp(value) as sd, count(*) as n_runs
from marts.final_scores
where
    split = 'source' and token = pooling and score in ('accuracy', 'ece_width_15')
    and adaptation <> 'scratch'
group by all
order by all
