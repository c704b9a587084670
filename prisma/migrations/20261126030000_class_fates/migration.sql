-- What became of each class when a version was frozen, so that a former model can be held against labels of merged classes. Null in older versions.
ALTER TABLE "DatasetVersion" ADD COLUMN "classFates" JSONB;
