"""One small vision transformer, pre-trained in three ways: Zu et al.'s comparison on a laptop."""
