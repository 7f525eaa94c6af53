-- Every p-value names its family and is adjusted in it; slopes within datasets, all datasets and layers at once.

alter table results.regressions add column p_false_discovery double;
comment on column results.regressions.p_false_discovery is 'Adjusted in the family for the expected share of false rejections (Benjamini and Hochberg).';

alter table results.slope_differences add column p_false_discovery double;
comment on column results.slope_differences.p_false_discovery is 'Adjusted in the family for the expected share of false rejections (Benjamini and Hochberg).';

alter table results.comparisons add column p_false_discovery double;
comment on column results.comparisons.p_false_discovery is 'Adjusted in the family for the expected share of false rejections (Benjamini and Hochberg).';

alter table results.correlation_equivalences add column p_false_discovery double;
comment on column results.correlation_equivalences.p_false_discovery is 'Adjusted in the family for the expected share of false rejections (Benjamini and Hochberg).';

alter table results.meta_analyses add column p_false_discovery double;
comment on column results.meta_analyses.p_false_discovery is 'Adjusted in the family for the expected share of false rejections (Benjamini and Hochberg).';

alter table results.binned_fits add column family varchar;
comment on column results.binned_fits.family is 'Tests that the p-value is adjusted with: those that share the columns named here.';

alter table results.binned_fits add column family_size integer;
comment on column results.binned_fits.family_size is 'Number of tests in the family.';

alter table results.binned_fits add column p_adjusted double;
comment on column results.binned_fits.p_adjusted is 'Holm-adjusted in the family.';

alter table results.binned_fits add column p_false_discovery double;
comment on column results.binned_fits.p_false_discovery is 'Adjusted in the family for the expected share of false rejections (Benjamini and Hochberg).';

alter table results.specifications add column family varchar;
comment on column results.specifications.family is 'Tests that the p-value is adjusted with: those that share the columns named here.';

alter table results.specifications add column family_size integer;
comment on column results.specifications.family_size is 'Number of tests in the family.';

alter table results.specifications add column p_adjusted double;
comment on column results.specifications.p_adjusted is 'Holm-adjusted in the family.';

alter table results.specifications add column p_false_discovery double;
comment on column results.specifications.p_false_discovery is 'Adjusted in the family for the expected share of false rejections (Benjamini and Hochberg).';

alter table results.comparisons add column p_wilcoxon_adjusted double;
comment on column results.comparisons.p_wilcoxon_adjusted is 'p_wilcoxon, Holm-adjusted in the family.';

alter table results.comparisons add column p_equivalent_adjusted double;
comment on column results.comparisons.p_equivalent_adjusted is 'p_equivalent, Holm-adjusted in the family.';

alter table results.gain_definitions add column family varchar;
comment on column results.gain_definitions.family is 'Tests that the p-value is adjusted with: those that share the columns named here.';

alter table results.gain_definitions add column family_size integer;
comment on column results.gain_definitions.family_size is 'Number of tests in the family.';

alter table results.gain_definitions add column p_difference_adjusted double;
comment on column results.gain_definitions.p_difference_adjusted is 'p_difference, Holm-adjusted in the family.';

alter table results.gain_definitions add column p_ratio_adjusted double;
comment on column results.gain_definitions.p_ratio_adjusted is 'p_ratio, Holm-adjusted in the family.';

alter table results.gain_definitions add column p_ancova_adjusted double;
comment on column results.gain_definitions.p_ancova_adjusted is 'p_ancova, Holm-adjusted in the family.';

alter table results.rankings add column family varchar;
comment on column results.rankings.family is 'Friedman tests that are adjusted together: those of the other scores.';

alter table results.rankings add column family_size integer;
comment on column results.rankings.family_size is 'Number of Friedman tests in the family.';

alter table results.rankings add column friedman_p_adjusted double;
comment on column results.rankings.friedman_p_adjusted is 'friedman_p_value, Holm-adjusted in the family.';

alter table results.specification_tests add column family varchar;
comment on column results.specification_tests.family is 'Tests that the p-value is adjusted with: those that share the columns named here.';

alter table results.specification_tests add column family_size integer;
comment on column results.specification_tests.family_size is 'Number of tests in the family.';

alter table results.specification_tests add column p_median_adjusted double;
comment on column results.specification_tests.p_median_adjusted is 'p_median, Holm-adjusted in the family.';

alter table results.specification_tests add column p_largest_adjusted double;
comment on column results.specification_tests.p_largest_adjusted is 'p_largest, Holm-adjusted in the family.';

create table results.dataset_slopes (
    analysis_id varchar not null,
    origin varchar not null,
    study varchar not null,
    backbone varchar not null,
    pretraining varchar not null,
    adaptation varchar not null,
    pooling varchar not null,
    head varchar not null,
    token varchar not null,
    probe varchar not null,
    measure varchar not null,
    outcome varchar not null,
    dataset varchar not null,
    layer varchar not null,
    slope double not null,
    correlation double not null,
    statistic double not null,
    p_value double not null,
    family varchar not null,
    family_size integer not null,
    p_adjusted double not null,
    n_units integer not null,
    n_runs integer not null,
    n_permutations integer not null,
    run_ids varchar[] not null
);
comment on table results.dataset_slopes is 'One row per network, dataset, layer and outcome: the slope within the dataset, tested with all others of its family at once. Key: analysis_id, origin, study, backbone, pretraining, adaptation, pooling, head, token, probe, measure, outcome, dataset, layer.';
comment on column results.dataset_slopes.analysis_id is 'Analysis.';
comment on column results.dataset_slopes.origin is 'Origin of the runs.';
comment on column results.dataset_slopes.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on column results.dataset_slopes.backbone is 'Architecture.';
comment on column results.dataset_slopes.pretraining is 'Weights that the backbone starts from.';
comment on column results.dataset_slopes.adaptation is 'What may change.';
comment on column results.dataset_slopes.pooling is 'Features that the head takes.';
comment on column results.dataset_slopes.head is 'linear or transformer.';
comment on column results.dataset_slopes.token is 'What a row of the representation is.';
comment on column results.dataset_slopes.probe is 'Images on which the similarity was taken.';
comment on column results.dataset_slopes.measure is 'Similarity measure.';
comment on column results.dataset_slopes.outcome is 'What is explained; as in results.regressions.';
comment on column results.dataset_slopes.dataset is 'Target dataset.';
comment on column results.dataset_slopes.layer is 'Layer whose similarity to the pre-trained model is the predictor.';
comment on column results.dataset_slopes.slope is 'Slope of the outcome on similarity among the folds (or seeds) of the dataset.';
comment on column results.dataset_slopes.correlation is 'Pearson correlation of the same.';
comment on column results.dataset_slopes.statistic is 't statistic of the correlation.';
comment on column results.dataset_slopes.p_value is 'Share of permutations of the outcome within the dataset with an absolute t at least as large.';
comment on column results.dataset_slopes.family is 'Tests that the p-value is adjusted with: those that share the columns named here.';
comment on column results.dataset_slopes.family_size is 'Datasets times layers of the family.';
comment on column results.dataset_slopes.p_adjusted is 'Share of permutations, the same for all layers, whose largest absolute t over datasets and layers is at least as large.';
comment on column results.dataset_slopes.n_units is 'Folds, each averaged over its seeds; seeds where there are no folds.';
comment on column results.dataset_slopes.n_runs is 'Runs behind the row.';
comment on column results.dataset_slopes.n_permutations is 'Permutations.';
comment on column results.dataset_slopes.run_ids is 'Runs behind the row.';
