# Reference values for variance components. Run in this folder:
#   Rscript variance.R
# Debian package: r-cran-lme4. Writes variance_scores.csv and variance_expected.csv.
suppressMessages(library(lme4))
set.seed(23)
scores <- expand.grid(seed = 1:3, fold = 1:4, dataset = paste0("d", 1:8))
scores$value <- round(0.8 + rep(rnorm(8, sd = 0.05), each = 12) +
  rep(rnorm(32, sd = 0.03), each = 3) + rnorm(96, sd = 0.02), 6)
write.csv(scores, "variance_scores.csv", row.names = FALSE, quote = FALSE)
fit <- lmer(value ~ 1 + (1 | dataset / fold), scores, REML = TRUE,
            control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12)))
found <- as.data.frame(VarCorr(fit))
expected <- data.frame(component = c("fold", "dataset", "residual"), variance = found$vcov)
expected$variance <- format(expected$variance, digits = 12, scientific = TRUE, trim = TRUE)
file <- file("variance_expected.csv", "w")
writeLines(paste0("# ", R.version.string, ", lme4 ", packageVersion("lme4")), file)
write.csv(expected, file, row.names = FALSE, quote = FALSE)
close(file)
