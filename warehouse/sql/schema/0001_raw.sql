-- What collect and the importers bring. Append-only: a run is added whole, or not at all.

create schema if not exists raw;
create schema if not exists staging;
create schema if not exists marts;
create schema if not exists results;

create table raw.runs (
    run_id varchar primary key,
    study varchar not null,
    origin varchar not null,
    status varchar not null check (status in ('complete', 'diverged', 'imported', 'summary')),
    backbone varchar not null,
    pretraining varchar not null,
    adaptation varchar not null,
    n_blocks integer,
    pooling varchar not null,
    head varchar not null,
    dataset varchar not null,
    task varchar not null check (task in ('binary', 'multiclass', 'ordinal', 'multilabel')),
    fold integer,
    n_folds integer,
    seed integer,
    selected_epoch integer,
    image_size integer,
    n_tokens integer,
    n_parameters bigint,
    n_trainable_parameters bigint,
    n_train integer,
    n_validation integer,
    n_test integer,
    hyperparameters json,
    config_hash varchar,
    weights_hash varchar,
    data_hash varchar,
    split_hash varchar,
    probe_hash varchar,
    code_version varchar,
    code_is_dirty boolean,
    package_versions json,
    device varchar,
    accepted_leakage varchar,
    started_at timestamptz,
    finished_at timestamptz,
    shard_hash varchar not null
);
comment on table raw.runs is 'One row per run: one fine-tuning, or one network as it is (adaptation none). Key: run_id.';
comment on column raw.runs.run_id is 'First 16 hexadecimal digits of the SHA-256 of what identifies the run; asking twice gives the same run.';
comment on column raw.runs.study is 'Name of the study file that asked for the run, or of the import.';
comment on column raw.runs.origin is 'Where the run comes from: repdrift, or the name of the importer or mapping.';
comment on column raw.runs.status is 'complete, diverged (loss became not finite; left out of the analysis by default), imported, or summary (a printed mean of several runs that were not published).';
comment on column raw.runs.backbone is 'Architecture, as timm or open_clip name it.';
comment on column raw.runs.pretraining is 'Weights that the backbone starts from; random for none.';
comment on column raw.runs.adaptation is 'What may change: none, full, linear, scratch, head_then_full, freeze_first_k, keep_first_k.';
comment on column raw.runs.n_blocks is 'k of freeze_first_k and keep_first_k; null otherwise.';
comment on column raw.runs.pooling is 'Features that the head takes: cls, mean, cls+mean.';
comment on column raw.runs.head is 'linear or transformer.';
comment on column raw.runs.dataset is 'Target dataset.';
comment on column raw.runs.task is 'binary, multiclass, ordinal or multilabel.';
comment on column raw.runs.fold is 'Held-out fold, from 1 to n_folds; null when there are no folds.';
comment on column raw.runs.n_folds is 'Number of folds of the cross-validation; null when there are no folds.';
comment on column raw.runs.seed is 'Seed of initialisation and data order; null when it was not published.';
comment on column raw.runs.selected_epoch is 'Epoch whose checkpoint stands for the run; null when an imported run does not say.';
comment on column raw.runs.image_size is 'Side of the square input in pixels, as the network saw it.';
comment on column raw.runs.n_tokens is 'Tokens per image with prefix tokens; null for networks without tokens.';
comment on column raw.runs.n_parameters is 'Parameters of backbone and head.';
comment on column raw.runs.n_trainable_parameters is 'Parameters that the last phase of the adaptation updates.';
comment on column raw.runs.n_train is 'Images trained on.';
comment on column raw.runs.n_validation is 'Images of the inner validation split, which may select a checkpoint.';
comment on column raw.runs.n_test is 'Images of the held-out fold or test split, which select nothing.';
comment on column raw.runs.hyperparameters is 'Optimiser, schedule, batch size, epochs and the rest of the study file that the run used.';
comment on column raw.runs.config_hash is 'SHA-256 of the full configuration.';
comment on column raw.runs.weights_hash is 'SHA-256 of the pre-trained weights.';
comment on column raw.runs.data_hash is 'SHA-256 of images, labels and groups of the target dataset.';
comment on column raw.runs.split_hash is 'SHA-256 of the sample ids of train, validation and test.';
comment on column raw.runs.probe_hash is 'SHA-256 of the probe images in their order.';
comment on column raw.runs.code_version is 'Version of repdrift and git commit where there is one.';
comment on column raw.runs.code_is_dirty is 'Whether the code had changes that no commit holds.';
comment on column raw.runs.package_versions is 'Versions of Python, torch, timm and the other packages that compute.';
comment on column raw.runs.device is 'Device that trained, in words.';
comment on column raw.runs.accepted_leakage is 'Reason given for training in spite of a finding of the gate; null when there was none.';
comment on column raw.runs.started_at is 'When the run began.';
comment on column raw.runs.finished_at is 'When the run was complete.';
comment on column raw.runs.shard_hash is 'SHA-256 over the files of the shard; tells a changed shard from the one that was ingested.';

create table raw.scores (
    run_id varchar not null,
    epoch integer,
    split varchar not null check (split in ('train', 'validation', 'test', 'source')),
    confidence_source varchar not null check (confidence_source in ('head', 'knn')),
    token varchar not null,
    n_neighbours integer not null,
    score varchar not null,
    value double not null,
    n_samples integer
);
comment on table raw.scores is 'One row per run, epoch and score of predictions. Key: run_id, epoch, split, confidence_source, token, n_neighbours, score.';
comment on column raw.scores.run_id is 'Run.';
comment on column raw.scores.epoch is 'Completed epochs; 0 is before the first step, null the end of an imported run that does not say.';
comment on column raw.scores.split is 'Images scored: train, validation, test (held-out fold), source (the source probe).';
comment on column raw.scores.confidence_source is 'Whose probabilities: head (the classifier) or knn (the neighbours'' vote).';
comment on column raw.scores.token is 'Features behind the probabilities: cls, mean, cls+mean.';
comment on column raw.scores.n_neighbours is 'k of the k-NN vote; 0 for the head.';
comment on column raw.scores.score is 'Score with its averaging and bins in the name: accuracy, auc, auc_ovr_weighted, ece_width_15 ...';
comment on column raw.scores.value is 'Value, never rounded; fractions in [0, 1].';
comment on column raw.scores.n_samples is 'Images behind the value; null when it was not published.';

create table raw.similarities (
    run_id varchar not null,
    epoch integer,
    layer varchar not null,
    token varchar not null,
    reference varchar not null check (reference in ('pretrained', 'random', 'run')),
    reference_run_id varchar,
    reference_layer varchar not null,
    probe varchar not null,
    measure varchar not null,
    value double not null,
    null_mean double,
    null_sd double,
    null_p_value double,
    ci_low double,
    ci_high double,
    n_images integer,
    n_rows integer,
    n_features integer,
    n_features_reference integer,
    effective_rank double,
    top_component_share double
);
comment on table raw.similarities is 'One row per run, epoch, layer, reference and measure. Key: run_id, epoch, layer, token, reference, reference_run_id, reference_layer, probe, measure.';
comment on column raw.similarities.run_id is 'Run whose representation is compared.';
comment on column raw.similarities.epoch is 'Completed epochs; null the end of an imported run that does not say.';
comment on column raw.similarities.layer is 'Layer of the run.';
comment on column raw.similarities.token is 'What a row of the representation is: cls, mean (one per image) or spatial (one per position).';
comment on column raw.similarities.reference is 'Compared with: pretrained (the run''s own start), random (a random initialisation) or run (another run).';
comment on column raw.similarities.reference_run_id is 'The other run when reference is run; null otherwise.';
comment on column raw.similarities.reference_layer is 'Layer of the reference; equal to layer unless all pairs of layers were asked for.';
comment on column raw.similarities.probe is 'Images that both saw: source, target, or a name.';
comment on column raw.similarities.measure is 'Similarity or distance measure with its estimator in the name.';
comment on column raw.similarities.value is 'Value, never rounded, never clamped.';
comment on column raw.similarities.null_mean is 'Expected value when the images are paired at random: the noise floor. Null when it was not computed.';
comment on column raw.similarities.null_sd is 'Standard deviation under random pairing.';
comment on column raw.similarities.null_p_value is 'Probability of a value at least this large under random pairing.';
comment on column raw.similarities.ci_low is 'Lower end of the 95 % interval over images.';
comment on column raw.similarities.ci_high is 'Upper end of the 95 % interval over images.';
comment on column raw.similarities.n_images is 'Images behind the value.';
comment on column raw.similarities.n_rows is 'Rows of the compared matrices; more than n_images when positions are rows.';
comment on column raw.similarities.n_features is 'Features of the run''s layer.';
comment on column raw.similarities.n_features_reference is 'Features of the reference''s layer.';
comment on column raw.similarities.effective_rank is 'Effective rank (exponential of the spectral entropy) of the run''s layer.';
comment on column raw.similarities.top_component_share is 'Share of variance on the first principal component of the run''s layer.';

create table raw.parameter_distances (
    run_id varchar not null,
    epoch integer,
    layer varchar not null,
    measure varchar not null,
    value double not null,
    n_parameters bigint
);
comment on table raw.parameter_distances is 'One row per run, epoch, layer and measure in parameter space, to the run''s own start. Key: run_id, epoch, layer, measure.';
comment on column raw.parameter_distances.run_id is 'Run.';
comment on column raw.parameter_distances.epoch is 'Completed epochs.';
comment on column raw.parameter_distances.layer is 'Layer, or all for the whole backbone.';
comment on column raw.parameter_distances.measure is 'relative_l2 or update_cosine.';
comment on column raw.parameter_distances.value is 'Value, never rounded.';
comment on column raw.parameter_distances.n_parameters is 'Parameters in the layer.';

create table raw.timings (
    run_id varchar not null,
    epoch integer,
    stage varchar not null,
    duration_s double not null,
    n_images integer
);
comment on table raw.timings is 'One row per run, epoch and stage. Key: run_id, epoch, stage.';
comment on column raw.timings.run_id is 'Run.';
comment on column raw.timings.epoch is 'Epoch; 0 is before the first step.';
comment on column raw.timings.stage is 'train, evaluate or probe.';
comment on column raw.timings.duration_s is 'Wall-clock seconds.';
comment on column raw.timings.n_images is 'Images that passed through the network.';

create table raw.summaries (
    run_id varchar not null,
    split varchar not null check (split in ('train', 'validation', 'test', 'source')),
    confidence_source varchar not null check (confidence_source in ('head', 'knn')),
    token varchar not null,
    n_neighbours integer not null,
    score varchar not null,
    mean double not null,
    sd double,
    n_runs integer,
    source varchar not null
);
comment on table raw.summaries is 'One row per printed mean of a score over runs that were not published. Key: run_id, split, confidence_source, token, n_neighbours, score.';
comment on column raw.summaries.run_id is 'Entry of raw.runs with status summary: the cell, with what its runs have in common.';
comment on column raw.summaries.split is 'Images scored: train, validation, test (held-out), source (the source probe).';
comment on column raw.summaries.confidence_source is 'Whose probabilities: head (the classifier) or knn (the neighbours'' vote).';
comment on column raw.summaries.token is 'Features behind the probabilities.';
comment on column raw.summaries.n_neighbours is 'k of the k-NN vote; 0 for the head.';
comment on column raw.summaries.score is 'Score with its averaging and bins in the name.';
comment on column raw.summaries.mean is 'Mean over the runs, as printed; fractions in [0, 1].';
comment on column raw.summaries.sd is 'What is printed after the plus-minus sign, taken for the standard deviation over runs; null when there is none.';
comment on column raw.summaries.n_runs is 'Runs behind the mean; null when it is not said.';
comment on column raw.summaries.source is 'Table, figure or page that it was read from.';
