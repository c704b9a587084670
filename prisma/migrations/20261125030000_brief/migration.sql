-- Classes and scores of a prediction set, packed: what the ranking of waiting images reads of it. Sets that are there already go without.
ALTER TABLE "PredictionSet" ADD COLUMN "brief" BYTEA;
