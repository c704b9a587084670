-- An image that is kept for somebody as their next one, but that they have not opened: when nothing else is left it goes to whoever asks.
ALTER TABLE "Task" ADD COLUMN "reserved" BOOLEAN NOT NULL DEFAULT false;
