-- When, during training, did the layers move?
-- One row per network, layer and epoch: mean similarity to the own start over runs, beside the validation loss.
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
    epoch,
    avg(similarity) as mean_similarity,
    avg(validation_loss) as mean_validation_loss,
    count(distinct run_id) as n_runs
from marts.trajectories
where
    reference = 'pretrained'
    and reference_layer = layer
    and ($dataset is null or dataset = $dataset)
    and ($measure is null or measure = $measure)
group by study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, epoch
order by measure, probe, token, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, epoch
