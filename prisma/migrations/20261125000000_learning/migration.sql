-- Likeness of pictures (splits without leaks), how models see pictures (what to correct next), and what models find on the validation split (gate, report).
ALTER TABLE "Image" ADD COLUMN "phash" TEXT, ADD COLUMN "family" TEXT;
CREATE INDEX "Image_projectId_family_idx" ON "Image"("projectId", "family");

CREATE TABLE "FeatureVector" (
    "imageId" TEXT NOT NULL,
    "modelId" TEXT NOT NULL,
    "values" BYTEA NOT NULL,
    CONSTRAINT "FeatureVector_pkey" PRIMARY KEY ("imageId","modelId")
);
CREATE INDEX "FeatureVector_modelId_idx" ON "FeatureVector"("modelId");
ALTER TABLE "FeatureVector" ADD CONSTRAINT "FeatureVector_imageId_fkey" FOREIGN KEY ("imageId") REFERENCES "Image"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "FeatureVector" ADD CONSTRAINT "FeatureVector_modelId_fkey" FOREIGN KEY ("modelId") REFERENCES "ModelVersion"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE TABLE "Evaluation" (
    "id" TEXT NOT NULL,
    "modelId" TEXT NOT NULL,
    "datasetVersionId" TEXT NOT NULL,
    "runId" TEXT,
    "sha256" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "Evaluation_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "Evaluation_modelId_datasetVersionId_key" ON "Evaluation"("modelId", "datasetVersionId");
ALTER TABLE "Evaluation" ADD CONSTRAINT "Evaluation_modelId_fkey" FOREIGN KEY ("modelId") REFERENCES "ModelVersion"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "Evaluation" ADD CONSTRAINT "Evaluation_datasetVersionId_fkey" FOREIGN KEY ("datasetVersionId") REFERENCES "DatasetVersion"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "Evaluation" ADD CONSTRAINT "Evaluation_runId_fkey" FOREIGN KEY ("runId") REFERENCES "TrainingRun"("id") ON DELETE SET NULL ON UPDATE CASCADE;
