-- Review: what is asked of the reviewers, and what they decided. Decisions are rows that nothing changes.
ALTER TABLE "Task" ADD COLUMN "flagNote" TEXT,
ADD COLUMN "review" TEXT,
ADD COLUMN "reviewReason" TEXT,
ADD COLUMN "returnedToId" TEXT,
ADD COLUMN "returnedAt" TIMESTAMP(3);
CREATE INDEX "Task_projectId_review_idx" ON "Task"("projectId", "review");

CREATE TABLE "Review" (
  "id" TEXT NOT NULL,
  "projectId" TEXT NOT NULL,
  "taskId" TEXT NOT NULL,
  "revisionId" TEXT NOT NULL,
  "number" INTEGER NOT NULL,
  "verdict" TEXT NOT NULL,
  "comment" TEXT,
  "pinX" DOUBLE PRECISION,
  "pinY" DOUBLE PRECISION,
  "docSeq" INTEGER NOT NULL,
  "byId" TEXT NOT NULL,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "Review_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "Review_taskId_number_key" ON "Review"("taskId", "number");
CREATE INDEX "Review_revisionId_idx" ON "Review"("revisionId");
CREATE INDEX "Review_projectId_createdAt_idx" ON "Review"("projectId", "createdAt");
ALTER TABLE "Review" ADD CONSTRAINT "Review_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "Project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "Review" ADD CONSTRAINT "Review_taskId_fkey" FOREIGN KEY ("taskId") REFERENCES "Task"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "Review" ADD CONSTRAINT "Review_revisionId_fkey" FOREIGN KEY ("revisionId") REFERENCES "Revision"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
