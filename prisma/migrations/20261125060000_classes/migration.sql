-- Classes that were merged into another one: their labels become that class's in every later dataset version; earlier versions stay as they were.
ALTER TABLE "ProjectClass" ADD COLUMN "mergedInto" INTEGER;
