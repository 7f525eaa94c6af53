-- One row per pre-training, pooling, outcome, dataset and layer: the slope over seeds, tested with all others at once.
select pretraining, pooling, outcome, dataset, layer, slope, p_value, p_adjusted, family_size, n_units
from results.dataset_slopes
where token = pooling and probe = 'source' and outcome in ('knn_accuracy', 'knn_calibration_error')
order by all
