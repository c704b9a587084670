-- A run that is to stop at its last checkpoint and wait for somebody to let it go on.
ALTER TABLE "TrainingRun" ADD COLUMN "pauseRequested" BOOLEAN NOT NULL DEFAULT false;
