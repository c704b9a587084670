/** One chosen file with its place inside the chosen folder: the server finds images, labels and data.yaml by it. */
export interface Chosen {
  path: string;
  file: File;
}
const BATCH_FILES = 60;
const BATCH_BYTES = 48 * 1024 * 1024;
/** What file managers leave behind; never part of a data set. */
const NOISE = /(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini|__MACOSX(\/|$)|\._)/;

export function fromInput(list: FileList): Chosen[] {
  return tidy([...list].map((file) => ({ path: file.webkitRelativePath || file.name, file })));
}

/** Files and whole folders from a drop. The entries must be taken before the first await: the list is empty afterwards. */
export async function fromDrop(data: DataTransfer): Promise<Chosen[]> {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return tidy([...data.files].map((file) => ({ path: file.name, file })));
  const found: Chosen[] = [];
  for (const entry of entries) await walk(entry, '', found);
  return tidy(found);
}

async function walk(entry: FileSystemEntry, prefix: string, found: Chosen[]): Promise<void> {
  const path = prefix ? `${prefix}/${entry.name}` : entry.name;
  if (entry instanceof FileSystemFileEntry) {
    found.push({ path, file: await new Promise<File>((resolve, reject) => { entry.file(resolve, reject); }) });
    return;
  }
  if (!(entry instanceof FileSystemDirectoryEntry)) return;
  const reader = entry.createReader();
  // readEntries gives at most 100 at a time in Chromium; an empty answer is the end.
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (part.length === 0) return;
    for (const child of part) await walk(child, path, found);
  }
}

export function tidy(chosen: readonly Chosen[]): Chosen[] {
  return chosen.filter(({ path }) => !NOISE.test(path));
}

/** Requests of a size that a lost connection does not make dear. */
export function inBatches(chosen: readonly Chosen[], most = BATCH_FILES, mostBytes = BATCH_BYTES): Chosen[][] {
  const batches: Chosen[][] = [];
  let bytes = 0;
  for (const one of chosen) {
    const last = batches.at(-1);
    if (!last || last.length >= most || bytes + one.file.size > mostBytes) { batches.push([one]); bytes = one.file.size; } else { last.push(one); bytes += one.file.size; }
  }
  return batches;
}
