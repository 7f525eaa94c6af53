-- How far did each layer move from the pre-trained network?
-- One row per network, layer and measure: mean and SD over runs of the similarity to their own start.
-- $dataset: Target dataset; all together when it is not given.
-- $measure: Similarity measure; all when it is not given.
select
    study,
    backbone,
    pretraining,
    adaptation,
    n_blocks,
    variant,
    pooling,
    head,
    layer,
    token,
    probe,
    measure,
    avg(value) as mean_similarity,
    stddev_samp(value) as sd,
    avg(null_mean) as noise_floor,
    avg(calibrated_value) as mean_calibrated,
    count(distinct dataset) as n_datasets,
    count(distinct run_id) as n_runs
from marts.final_similarities
where
    reference = 'pretrained'
    and reference_layer = layer
    and ($dataset is null or dataset = $dataset)
    and ($measure is null or measure = $measure)
group by study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure
order by measure, probe, token, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer
