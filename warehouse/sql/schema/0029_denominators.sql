-- The alarm for a shared denominator is a test with a rate of false alarms, and shows what it tests.

alter table results.gain_definitions add column slope_denominator double;
comment on column results.gain_definitions.slope_denominator is 'Slope that the ratio would have if every run had gained the mean gain: what its denominator alone makes.';
alter table results.gain_definitions add column p_denominator double;
comment on column results.gain_definitions.p_denominator is 'P-value of slope_denominator being 0, over dataset means: the larger of that of the mean gain and that of the reciprocal of the score from scratch on similarity.';
alter table results.gain_definitions add column p_denominator_adjusted double;
comment on column results.gain_definitions.p_denominator_adjusted is 'p_denominator, Holm-adjusted in the family.';
comment on column results.gain_definitions.alarm is 'Whether p_denominator is at most 1 - level: the denominator goes with similarity.';
