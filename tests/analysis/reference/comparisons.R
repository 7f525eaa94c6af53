# Reference values for comparisons and summaries. Run in this folder:
#   Rscript comparisons.R
# Debian packages: r-base-core r-cran-metafor. Writes comparisons_scores.csv, comparisons_expected.csv.
suppressMessages(library(metafor))

set.seed(17)
scores <- expand.grid(fold = 1:5, network = c("a", "b", "c"), dataset = paste0("d", 1:7))
effect <- c(a = 0, b = 0.03, c = 0.01)[as.character(scores$network)]
scores$value <- round(0.8 + effect + rep(rnorm(7, sd = 0.05), each = 15) + rnorm(105, sd = 0.02), 6)
write.csv(scores[, c("dataset", "network", "fold", "value")], "comparisons_scores.csv",
          row.names = FALSE, quote = FALSE)

rows <- list()
add <- function(test, quantity, number) {
  rows[[length(rows) + 1]] <<- data.frame(test, quantity, number)
}
means <- tapply(scores$value, list(scores$dataset, scores$network), mean)
wilcoxon <- wilcox.test(means[, "b"], means[, "a"], paired = TRUE)
add("wilcoxon", "p_value", wilcoxon$p.value)
paired <- t.test(means[, "b"], means[, "a"], paired = TRUE)
add("t_datasets", "estimate", paired$estimate)
add("t_datasets", "ci_low", paired$conf.int[1])
add("t_datasets", "ci_high", paired$conf.int[2])
add("t_datasets", "p_value", paired$p.value)
friedman <- friedman.test(means)
add("friedman", "statistic", friedman$statistic)
add("friedman", "p_value", friedman$p.value)
one <- subset(scores, dataset == "d1")
first <- one$value[one$network == "a"]
second <- one$value[one$network == "b"]
welch <- t.test(second, first)
add("welch", "df", welch$parameter)
add("welch", "p_value", welch$p.value)
add("welch", "ci_low", welch$conf.int[1])
summary_of <- function(d) {
  x <- subset(scores, dataset == d & network == "b")$value -
    subset(scores, dataset == d & network == "a")$value
  c(mean(x), sd(x) / sqrt(5))
}
effects <- sapply(paste0("d", 1:7), summary_of)
meta <- rma(yi = effects[1, ], sei = effects[2, ], method = "REML", test = "knha",
            control = list(threshold = 1e-12, maxiter = 1000))
add("meta", "estimate", meta$b)
add("meta", "std_error", meta$se)
add("meta", "p_value", meta$pval)
add("meta", "variance_between", meta$tau2)
add("meta", "heterogeneity_p_value", meta$QEp)

expected <- do.call(rbind, rows)
expected$number <- format(expected$number, digits = 15, scientific = TRUE, trim = TRUE)
file <- file("comparisons_expected.csv", "w")
writeLines(paste0("# ", R.version.string, ", metafor ", packageVersion("metafor")), file)
write.csv(expected, file, row.names = FALSE, quote = FALSE)
close(file)
