-- Whose the Yjs client ids in a snapshot are; of older snapshots nobody knows.
ALTER TABLE "DocSnapshot" ADD COLUMN "owners" JSONB NOT NULL DEFAULT '[]';
