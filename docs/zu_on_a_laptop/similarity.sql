-- One row per pre-training, dataset and epoch: debiased CKA of the last block's CLS token on CIFAR-10.
select dataset, pretraining, epoch, avg(similarity) as mean, stddev_samp(similarity) as sd, count(*) as n_runs
from marts.trajectories
where
    adaptation = 'full' and measure = 'cka_linear_debiased' and probe = 'source'
    and token = 'cls' and pooling = 'cls' and layer = 'blocks.5' and epoch in (0, 1, 5, 10, 15, 20)
group by all
order by all
