# Reference values for the comparison of printed tables. Run in this folder:
#   Rscript meta.R
# Debian packages: r-base-core r-cran-metafor. Reads the printed Table 2 of Juodelyte et al. (2023) as it is shipped;
# writes meta_expected.csv.
suppressMessages(library(metafor))

printed <- read.csv("../../../analysis/published/juodelyte2023_table2.csv")
cells <- merge(subset(printed, row == "RadImageNet no freeze"), subset(printed, row == "ImageNet no freeze"),
               by = "column", suffixes = c(".first", ".second"))
rows <- list()
add <- function(effect, quantity, column, number) {
  rows[[length(rows) + 1]] <<- data.frame(effect, quantity, column, number)
}
g <- escalc("SMD", m1i = value.second, sd1i = sd.second, n1i = n.second,
            m2i = value.first, sd2i = sd.first, n2i = n.first, data = cells)
md <- escalc("MD", m1i = value.second, sd1i = sd.second, n1i = n.second,
             m2i = value.first, sd2i = sd.first, n2i = n.first, data = cells)
for (i in seq_len(nrow(cells))) {
  add("standardised", "estimate", cells$column[i], g$yi[i])
  add("standardised", "std_error", cells$column[i], sqrt(g$vi[i]))
  add("difference", "std_error", cells$column[i], sqrt(md$vi[i]))
}
for (effect in c("standardised", "difference")) {
  fit <- rma(yi, vi, data = if (effect == "difference") md else g, method = "REML", test = "knha",
             control = list(threshold = 1e-12, maxiter = 10000))
  add(effect, "estimate", "", as.numeric(fit$beta))
  add(effect, "std_error", "", fit$se)
  add(effect, "ci_low", "", fit$ci.lb)
  add(effect, "ci_high", "", fit$ci.ub)
  add(effect, "p_value", "", fit$pval)
  add(effect, "variance_between", "", fit$tau2)
  add(effect, "heterogeneity_p_value", "", fit$QEp)
}
paired <- t.test(cells$value.second, cells$value.first, paired = TRUE)
add("t_columns", "estimate", "", paired$estimate)
add("t_columns", "p_value", "", paired$p.value)
add("t_columns", "ci_low", "", paired$conf.int[1])
found <- do.call(rbind, rows)
found$number <- sprintf("%.15g", found$number)
write.csv(found, "meta_expected.csv", row.names = FALSE, quote = FALSE)
