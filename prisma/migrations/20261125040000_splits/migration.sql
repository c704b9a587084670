-- Groups of like pictures that never straddle two splits, who moved which picture to which split, and the window through which 16-bit pictures are seen.
ALTER TABLE "Image" ADD COLUMN "groupId" TEXT, ADD COLUMN "windowLow" INTEGER, ADD COLUMN "windowHigh" INTEGER;
CREATE INDEX "Image_projectId_groupId_idx" ON "Image"("projectId", "groupId");

CREATE TABLE "Likeness" (
    "imageId" TEXT NOT NULL,
    "thumb" BYTEA NOT NULL,
    CONSTRAINT "Likeness_pkey" PRIMARY KEY ("imageId")
);
ALTER TABLE "Likeness" ADD CONSTRAINT "Likeness_imageId_fkey" FOREIGN KEY ("imageId") REFERENCES "Image"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE TABLE "SplitMove" (
    "id" TEXT NOT NULL,
    "imageId" TEXT NOT NULL,
    "from" TEXT NOT NULL,
    "to" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "reason" TEXT,
    "byId" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "SplitMove_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "SplitMove_imageId_createdAt_idx" ON "SplitMove"("imageId", "createdAt");
ALTER TABLE "SplitMove" ADD CONSTRAINT "SplitMove_imageId_fkey" FOREIGN KEY ("imageId") REFERENCES "Image"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
