# Reference values for tests/analysis/test_mixed.py. Run in this folder, after regression.R:
#   Rscript mixed.R
# Debian packages: r-cran-clubsandwich r-cran-lme4 r-cran-lmertest r-cran-mass. Writes mixed_expected.csv.
suppressMessages({library(clubSandwich); library(lmerTest)})

points <- read.csv("regression_points.csv")
rows <- list()
add <- function(model, method, term, quantity, number) {
  rows[[length(rows) + 1]] <<- data.frame(model, method, term, quantity, number)
}
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12, maxfun = 1e5))
describe <- function(model, formula) {
  fit <- lmer(formula, points, REML = TRUE, control = tight)
  table <- coef(summary(fit, ddf = "Satterthwaite"))
  for (term in rownames(table)) {
    add(model, "mixed", term, "estimate", table[term, "Estimate"])
    add(model, "mixed", term, "std_error", table[term, "Std. Error"])
    add(model, "mixed", term, "df", table[term, "df"])
    add(model, "mixed", term, "p_value", table[term, "Pr(>|t|)"])
  }
  variances <- as.data.frame(VarCorr(fit))$vcov
  add(model, "mixed", "all", "variance_between", variances[1])
  add(model, "mixed", "all", "variance_within", variances[2])
  # CR2 of the weighted rows. Of the fit itself clubSandwich takes another root of the adjustment,
  # also unbiased under the model: its standard errors here differ by about 1 %.
  size <- ave(points$value, points$dataset, FUN = length)
  share <- 1 - 1 / sqrt(1 + size * variances[1] / variances[2])
  weighted <- function(column) column - share * ave(column, points$dataset)
  design <- apply(model.matrix(fit), 2, weighted)
  robust <- coef_test(lm(weighted(points$outcome) ~ 0 + design), vcov = "CR2",
                      cluster = points$dataset, test = "Satterthwaite")
  for (i in seq_len(nrow(robust))) {
    term <- colnames(design)[i]
    add(model, "mixed_cr2", term, "estimate", robust[i, "beta"])
    add(model, "mixed_cr2", term, "std_error", robust[i, "SE"])
    add(model, "mixed_cr2", term, "df", robust[i, "df_Satt"])
    add(model, "mixed_cr2", term, "p_value", robust[i, "p_Satt"])
  }
}
describe("line", outcome ~ value + (1 | dataset))
describe("control", outcome ~ control + value + (1 | dataset))

# Within and between: dataset as a fixed effect; a line through the dataset means.
within <- coef(summary(lm(outcome ~ value + dataset, points)))["value", ]
means <- aggregate(cbind(outcome, value) ~ dataset, points, mean)
between <- coef(summary(lm(outcome ~ value, means)))["value", ]
for (name in c("within", "between")) {
  numbers <- get(name)
  add("line", name, "value", "estimate", numbers[1])
  add("line", name, "value", "std_error", numbers[2])
  add("line", name, "value", "p_value", numbers[4])
}
for (method in c("spearman", "kendall")) {
  test <- suppressWarnings(cor.test(points$value, points$outcome, method = method))
  add("line", method, "value", "estimate", test$estimate)
}
huber <- MASS::rlm(outcome ~ value, points, psi = MASS::psi.huber, k = 1.345, maxit = 200, acc = 1e-12)
add("line", "huber", "value", "estimate", coef(huber)["value"])
expected <- do.call(rbind, rows)
expected$number <- format(expected$number, digits = 15, scientific = TRUE, trim = TRUE)
file <- file("mixed_expected.csv", "w")
writeLines(paste0("# ", R.version.string, ", lme4 ", packageVersion("lme4"),
                  ", lmerTest ", packageVersion("lmerTest"), ", clubSandwich ", packageVersion("clubSandwich")), file)
write.csv(expected, file, row.names = FALSE, quote = FALSE)
close(file)
