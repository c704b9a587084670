-- The present model held against accepted labels: what was found, what people said about it, and tasks made to change labels of an import.
ALTER TABLE "Task" ADD COLUMN "asked" BOOLEAN NOT NULL DEFAULT false;

CREATE TABLE "SecondLook" (
    "imageId" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "basis" TEXT NOT NULL,
    "at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "SecondLook_pkey" PRIMARY KEY ("imageId")
);
CREATE INDEX "SecondLook_projectId_idx" ON "SecondLook"("projectId");
ALTER TABLE "SecondLook" ADD CONSTRAINT "SecondLook_imageId_fkey" FOREIGN KEY ("imageId") REFERENCES "Image"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "SecondLook" ADD CONSTRAINT "SecondLook_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "Project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE TABLE "Finding" (
    "id" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "imageId" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "classes" INTEGER[],
    "rank" DOUBLE PRECISION NOT NULL,
    "data" JSONB NOT NULL,
    "modelId" TEXT,
    "answerId" TEXT,
    CONSTRAINT "Finding_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "Finding_projectId_rank_id_idx" ON "Finding"("projectId", "rank" DESC, "id");
CREATE INDEX "Finding_imageId_idx" ON "Finding"("imageId");
ALTER TABLE "Finding" ADD CONSTRAINT "Finding_imageId_fkey" FOREIGN KEY ("imageId") REFERENCES "Image"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "Finding" ADD CONSTRAINT "Finding_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "Project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE TABLE "LabelAnswer" (
    "id" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "imageId" TEXT NOT NULL,
    "scope" TEXT NOT NULL,
    "labelsHash" TEXT NOT NULL,
    "place" JSONB,
    "finding" JSONB NOT NULL,
    "modelId" TEXT,
    "byId" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "takenBackById" TEXT,
    "takenBackAt" TIMESTAMP(3),
    CONSTRAINT "LabelAnswer_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "LabelAnswer_imageId_idx" ON "LabelAnswer"("imageId");
ALTER TABLE "LabelAnswer" ADD CONSTRAINT "LabelAnswer_imageId_fkey" FOREIGN KEY ("imageId") REFERENCES "Image"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "LabelAnswer" ADD CONSTRAINT "LabelAnswer_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "Project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
