-- The multiverse takes a declared grid: its outcomes need not be scores, nor what is explained a gain.

comment on column results.specifications.score is 'Outcome that is explained, or whose gain is: a score of the head on the held-out fold, calibration_error, knn_accuracy, knn_calibration_error.';
comment on column results.specifications.gain is 'Choice: none (the outcome itself), difference, ratio, ancova.';
comment on column results.specification_tests.score is 'Outcome that is explained, or whose gain is; any score: all of the grid together.';
