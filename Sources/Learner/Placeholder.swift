// Learner
