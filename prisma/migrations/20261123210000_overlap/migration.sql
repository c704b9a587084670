-- Overlap: a second task on the same image and prediction set, corrected by somebody else without seeing the first.
ALTER TABLE "Task" ADD COLUMN "copy" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN "blind" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN "measures" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN "seenBy" TEXT[] DEFAULT ARRAY[]::TEXT[];
CREATE UNIQUE INDEX "Task_imageId_iterationId_copy_key" ON "Task"("imageId", "iterationId", "copy");
DROP INDEX "Task_imageId_iterationId_key";

-- Pace: how much a person changed, counted at submit; of revisions made before, counted here once.
ALTER TABLE "Revision" ADD COLUMN "corrections" INTEGER NOT NULL DEFAULT 0;
UPDATE "Revision" r SET "corrections" = (SELECT count(*) FROM jsonb_array_elements(r.instances) e WHERE e->>'source' = 'annotation')
  + (SELECT count(*) FROM jsonb_object_keys(r.verdicts) k WHERE NOT EXISTS (SELECT 1 FROM jsonb_array_elements(r.instances) e WHERE e->'of' ? k));
CREATE INDEX "Revision_iterationId_createdAt_idx" ON "Revision"("iterationId", "createdAt");
DROP INDEX "Revision_iterationId_idx";
