-- Where the images of a project lie on its map, by the model (or the thumbnails) that it was made from; and sets of images that somebody picked, to be looked at as a list.
CREATE TABLE "ImageMap" (
    "projectId" TEXT NOT NULL,
    "basis" TEXT NOT NULL,
    "sha256" TEXT NOT NULL,
    "images" INTEGER NOT NULL,
    "unplaced" INTEGER NOT NULL,
    "readAt" TIMESTAMP(3) NOT NULL,
    "madeAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "ImageMap_pkey" PRIMARY KEY ("projectId", "basis")
);
ALTER TABLE "ImageMap" ADD CONSTRAINT "ImageMap_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "Project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE TABLE "ImagePick" (
    "id" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "imageIds" TEXT[],
    "createdById" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "ImagePick_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "ImagePick_projectId_createdAt_idx" ON "ImagePick"("projectId", "createdAt");
ALTER TABLE "ImagePick" ADD CONSTRAINT "ImagePick_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "Project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
