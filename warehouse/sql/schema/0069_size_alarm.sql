-- Calibration errors are larger on fewer images: regressions over datasets say when that may have made a slope.

alter table results.regressions add column size_alarm boolean;
comment on column results.regressions.size_alarm is 'Whether the outcome is a calibration error (calibration_error, calibration_error_debiased, score:ece_...), larger on fewer images by noise alone, and one dataset has over a tenth more test images than another; false of fits within datasets. Null where numbers of test images are not known, and in rows of before version 69 of the schema.';
comment on column results.regressions.outcome is 'What is explained: gain_ratio:<score>, gain_difference:<score>, score:<score>, calibration_error, calibration_error_debiased, knn_accuracy, knn_calibration_error.';
