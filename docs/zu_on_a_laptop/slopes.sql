-- One row per pre-training and inference: slope of 20-NN accuracy on the similarity of the last block (CLS).
select pretraining, method, estimate, ci_low, ci_high, p_value, n_runs, n_clusters
from results.regressions
where
    adaptation = 'full' and term = 'similarity' and probe = 'source' and outcome = 'knn_accuracy'
    and token = 'cls' and pooling = 'cls' and layer = 'blocks.5'
order by all
