-- Agreement counts what was made while the other copy was not to be seen. Of what is there already: everything up to the second of the two first submits, as it was counted until now.
ALTER TABLE "Revision" ADD COLUMN "blind" BOOLEAN NOT NULL DEFAULT false;
UPDATE "Revision" r SET "blind" = true FROM "Task" t, "Task" o
WHERE t.id = r."taskId" AND o."imageId" = t."imageId" AND o."iterationId" = t."iterationId" AND o.copy <> t.copy
  AND (t.blind OR r."createdAt" <= GREATEST((SELECT min(f."createdAt") FROM "Revision" f WHERE f."taskId" = t.id), (SELECT min(f."createdAt") FROM "Revision" f WHERE f."taskId" = o.id)));
