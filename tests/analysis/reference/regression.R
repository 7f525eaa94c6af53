# Reference values for tests/analysis: regressions with clusters. Run in this folder:
#   Rscript regression.R
# Debian packages: r-base-core r-cran-sandwich r-cran-lmtest. Writes regression_points.csv and
# regression_expected.csv (versions in the first lines of the latter).
library(sandwich)
library(lmtest)

set.seed(41)
sizes <- c(3, 5, 5, 8, 4, 6, 4)
dataset <- rep(letters[1:7], sizes)
shift <- rep(rnorm(7), sizes)
value <- round(0.3 * shift + rnorm(35, sd = 0.4), 6)
control <- round(rnorm(35) + 0.5 * value, 6)
outcome <- round(0.5 - 0.8 * value + 0.6 * control + shift + rnorm(35, sd = 0.5) * (1 + abs(value)), 6)
points <- data.frame(dataset, value, control, outcome)
write.csv(points, "regression_points.csv", row.names = FALSE, quote = FALSE)

rows <- list()
add <- function(model, method, term, quantity, number) {
  rows[[length(rows) + 1]] <<- data.frame(model, method, term, quantity, number)
}
jackknife <- function(fit) { # refits without each dataset, centred on the full fit
  changes <- sapply(unique(dataset), function(left_out) {
    coef(update(fit, data = points[points$dataset != left_out, ])) - coef(fit)
  })
  6 / 7 * changes %*% t(changes)
}
describe <- function(model, fit) {
  terms <- names(coef(fit))
  covariances <- list(
    ols = vcov(fit), hc3 = vcovHC(fit, type = "HC3"),
    cluster_cr1 = vcovCL(fit, cluster = ~dataset, type = "HC1"),
    cluster_cr3 = jackknife(fit)
  )
  for (method in names(covariances)) {
    df <- if (startsWith(method, "cluster")) 6 else fit$df.residual
    test <- coeftest(fit, vcov. = covariances[[method]], df = df)
    interval <- confint(test, level = 0.9)
    for (term in terms) {
      add(model, method, term, "estimate", test[term, 1])
      add(model, method, term, "std_error", test[term, 2])
      add(model, method, term, "statistic", test[term, 3])
      add(model, method, term, "p_value", test[term, 4])
      add(model, method, term, "ci_low", interval[term, 1])
      add(model, method, term, "ci_high", interval[term, 2])
    }
  }
  add(model, "ols", "all", "r_squared", summary(fit)$r.squared)
}
line <- lm(outcome ~ value, points)
describe("line", line)
describe("control", lm(outcome ~ control + value, points))

# Wild-cluster bootstrap-t with the null imposed, written out: all 2^7 sign vectors.
statistic <- function(fit) {
  coef(fit)["value"] / sqrt(vcovCL(fit, cluster = dataset, type = "HC1")["value", "value"])
}
wild <- function(null, restricted_formula) {
  full_formula <- update(restricted_formula, . ~ . + value)
  points$target <- points$outcome - null * points$value
  restricted <- lm(restricted_formula, points)
  observed <- abs(statistic(lm(full_formula, points)))
  signs <- as.matrix(expand.grid(rep(list(c(1, -1)), 7)))
  draws <- apply(signs, 1, function(sign) {
    drawn <- points
    drawn$target <- fitted(restricted) + residuals(restricted) * rep(sign, sizes)
    abs(statistic(lm(full_formula, drawn)))
  })
  mean(draws >= observed * (1 - 1e-9))
}
add("line", "wild_cluster", "value", "p_value", wild(0, target ~ 1))
add("line", "wild_cluster", "value", "p_value_at_0.5", wild(0.5, target ~ 1))
add("control", "wild_cluster", "value", "p_value", wild(0, target ~ control))

expected <- do.call(rbind, rows)
expected$number <- format(expected$number, digits = 15, scientific = TRUE, trim = TRUE)
file <- file("regression_expected.csv", "w")
writeLines(paste0("# ", R.version.string, ", sandwich ", packageVersion("sandwich"),
                  ", lmtest ", packageVersion("lmtest")), file)
write.csv(expected, file, row.names = FALSE, quote = FALSE)
close(file)
