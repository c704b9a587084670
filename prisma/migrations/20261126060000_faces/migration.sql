-- Whether a person has ever come in by a link: the sessions that show it end.
ALTER TABLE "User" ADD COLUMN "enteredAt" TIMESTAMP(3);
UPDATE "User" u SET "enteredAt" = s.at FROM (
  SELECT "userId", min("createdAt") AS at FROM (SELECT "userId", "createdAt" FROM "Session" UNION ALL SELECT "userId", "createdAt" FROM "Account" UNION ALL SELECT "userId", "createdAt" FROM "ApiToken") x GROUP BY "userId"
) s WHERE s."userId" = u.id;

-- A sign-in link that somebody made for a person who had been here before.
CREATE TABLE "LinkMade" (
  "id" TEXT NOT NULL,
  "userId" TEXT NOT NULL,
  "byId" TEXT NOT NULL,
  "projectId" TEXT NOT NULL,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "LinkMade_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "LinkMade_userId_createdAt_idx" ON "LinkMade"("userId", "createdAt");
ALTER TABLE "LinkMade" ADD CONSTRAINT "LinkMade_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Colour and letters of a person in a project.
CREATE TABLE "Face" (
  "projectId" TEXT NOT NULL,
  "userId" TEXT NOT NULL,
  "color" INTEGER NOT NULL,
  "letters" TEXT NOT NULL,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "Face_pkey" PRIMARY KEY ("projectId", "userId")
);
CREATE INDEX "Face_userId_idx" ON "Face"("userId");
ALTER TABLE "Face" ADD CONSTRAINT "Face_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "Project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "Face" ADD CONSTRAINT "Face_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;
