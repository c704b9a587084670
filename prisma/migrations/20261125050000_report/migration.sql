-- Whoever does not want to be named in reports, and what the models of an ended iteration found, worked out once.
ALTER TABLE "User" ADD COLUMN "namedInReports" BOOLEAN NOT NULL DEFAULT true;
ALTER TABLE "Iteration" ADD COLUMN "quality" JSONB;
