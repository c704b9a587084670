-- A person may keep the present model instead of the one that a run made: who, when and why stays with the run.
ALTER TABLE "TrainingRun" ADD COLUMN "decision" JSONB;
