# Reference values for tests/analysis/test_few_clusters.py, test_crossed.py and
# test_two_way.py. Run in this folder:
#   Rscript few_clusters.R
# Debian packages: r-base-core r-cran-clubsandwich r-cran-lme4 r-cran-lmertest. Writes
# few_clusters_points.csv and few_clusters_expected.csv (versions in the first line of the latter).
suppressMessages({library(clubSandwich); library(lmerTest)})

set.seed(43)
points <- expand.grid(fold = 1:3, network = letters[1:4], dataset = LETTERS[1:7])
points <- points[!(points$dataset == "G" & points$fold > 1), ] # one dataset has a single fold
n <- nrow(points)
of_dataset <- rnorm(7)[as.integer(points$dataset)]
of_network <- 0.7 * rnorm(4)[as.integer(points$network)]
points$value <- round(0.6 * of_dataset + 0.3 * of_network + rnorm(n, sd = 0.5), 6)
points$outcome <- round(1 - 0.5 * points$value + of_dataset + of_network + rnorm(n, sd = 0.6), 6)
write.csv(points, "few_clusters_points.csv", row.names = FALSE, quote = FALSE)

rows <- list()
add <- function(model, method, term, quantity, number) {
  rows[[length(rows) + 1]] <<- data.frame(model, method, term, quantity, number)
}
satterthwaite <- function(model, fit, data) {
  test <- coef_test(fit, vcov = "CR2", cluster = data$dataset, test = "Satterthwaite")
  for (i in seq_len(nrow(test))) {
    term <- rownames(test)[i]
    add(model, "cluster_cr2", term, "estimate", test[i, "beta"])
    add(model, "cluster_cr2", term, "std_error", test[i, "SE"])
    add(model, "cluster_cr2", term, "df", test[i, "df_Satt"])
    add(model, "cluster_cr2", term, "p_value", test[i, "p_Satt"])
  }
}
satterthwaite("line", lm(outcome ~ value, points), points)
two <- points[points$network %in% c("a", "b"), ]
two$is_second <- as.numeric(two$network == "b")
satterthwaite("difference", lm(outcome ~ is_second + value + I(is_second * value), two), two)
means <- aggregate(cbind(outcome, value) ~ dataset, points, mean)
points$between <- means$value[as.integer(points$dataset)] # the same for all runs of a dataset
satterthwaite("between", lm(outcome ~ between, points), points)

# CR3 of clubSandwich has no factor (G - 1) / G. Variances by dataset and by network are added up.
fit <- lm(outcome ~ value, points)
jackknife <- function(cluster) {
  count <- length(unique(cluster))
  (count - 1) / count * diag(as.matrix(vcovCR(fit, cluster = cluster, type = "CR3")))
}
of <- list(jackknife(points$dataset), jackknife(points$network))
variance <- of[[1]] + of[[2]]
df <- variance^2 / (of[[1]]^2 / (7 - 1) + of[[2]]^2 / (4 - 1))
for (term in names(variance)) {
  statistic <- coef(fit)[[term]] / sqrt(variance[[term]])
  add("line", "two_way", term, "estimate", coef(fit)[[term]])
  add("line", "two_way", term, "std_error", sqrt(variance[[term]]))
  add("line", "two_way", term, "df", df[[term]])
  add("line", "two_way", term, "p_value", 2 * pt(-abs(statistic), df[[term]]))
}

tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12, maxfun = 1e5))
crossed <- function(model, formula) {
  fit <- lmer(formula, points, REML = TRUE, control = tight)
  table <- coef(summary(fit, ddf = "Satterthwaite"))
  for (term in rownames(table)) {
    add(model, "crossed", term, "estimate", table[term, "Estimate"])
    add(model, "crossed", term, "std_error", table[term, "Std. Error"])
    add(model, "crossed", term, "df", table[term, "df"])
    add(model, "crossed", term, "p_value", table[term, "Pr(>|t|)"])
  }
  variances <- as.data.frame(VarCorr(fit))
  for (i in seq_len(nrow(variances))) {
    add(model, "crossed", "all", paste0("variance_", tolower(variances$grp[i])), variances$vcov[i])
  }
}
crossed("line", outcome ~ value + (1 | dataset) + (1 | network))

expected <- do.call(rbind, rows)
expected$number <- format(expected$number, digits = 15, scientific = TRUE, trim = TRUE)
file <- file("few_clusters_expected.csv", "w")
writeLines(paste0("# ", R.version.string, ", clubSandwich ", packageVersion("clubSandwich"),
                  ", lme4 ", packageVersion("lme4"), ", lmerTest ", packageVersion("lmerTest")), file)
write.csv(expected, file, row.names = FALSE, quote = FALSE)
close(file)
