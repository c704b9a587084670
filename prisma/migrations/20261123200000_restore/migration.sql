-- A restored version, and what stood when it was made: later revisions and imports count on top of it, earlier ones do not.
ALTER TABLE "DatasetVersion" ADD COLUMN "restoredFromId" TEXT;

CREATE TABLE "RestoreMark" (
    "datasetVersionId" TEXT NOT NULL,
    "imageId" TEXT NOT NULL,
    "revisionId" TEXT,
    "baselineId" TEXT,

    CONSTRAINT "RestoreMark_pkey" PRIMARY KEY ("datasetVersionId", "imageId")
);

ALTER TABLE "RestoreMark" ADD CONSTRAINT "RestoreMark_datasetVersionId_fkey" FOREIGN KEY ("datasetVersionId") REFERENCES "DatasetVersion"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "RestoreMark" ADD CONSTRAINT "RestoreMark_imageId_fkey" FOREIGN KEY ("imageId") REFERENCES "Image"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Which versions hold the same labels of an image: where a label went.
CREATE INDEX "DatasetItem_imageId_labelsHash_idx" ON "DatasetItem"("imageId", "labelsHash");
