import type { TaskDto } from '#core/api/image.ts';
import { EmendError } from '#core/errors.ts';
import { fetchTask, fileUrl } from './api.ts';

interface Entry {
  readonly task: Promise<TaskDto>;
  readonly picture: Promise<ImageBitmap>;
}

/** Decoded pictures are large: the open one, the one before and a few ahead are enough. */
const MOST = 6;

/** Tasks and their decoded pictures, fetched before they are needed. */
export class Prefetch {
  readonly #entries = new Map<string, Entry>();

  /** Begins, or goes on with, the loading of a task. `imageId` lets the picture start without waiting for the task. */
  load(id: string, imageId?: string): Entry {
    const known = this.#entries.get(id);
    if (known) {
      // Last used, last to go.
      this.#entries.delete(id);
      this.#entries.set(id, known);
      return known;
    }
    const task = fetchTask(id);
    const picture = imageId === undefined ? task.then((t) => decodePicture(t.imageId)) : decodePicture(imageId);
    // Whoever asks for the entry sees the failure; until then nobody has to.
    task.catch(() => undefined);
    picture.catch(() => this.drop(id));
    const entry = { task, picture };
    this.#entries.set(id, entry);
    this.#trim();
    return entry;
  }

  /** Its next use fetches it anew. */
  drop(id: string): void {
    this.#entries.delete(id);
  }

  /** All but the one that is open: it is in hand and stays as it is, also to come back to without a connection. */
  clear(open: string | undefined): void {
    for (const id of [...this.#entries.keys()]) if (id !== open) this.drop(id);
  }

  #trim(): void {
    for (const id of this.#entries.keys()) {
      if (this.#entries.size <= MOST) return;
      this.drop(id);
    }
  }
}

/** The picture as it is shown: EXIF orientation applied. */
async function decodePicture(imageId: string): Promise<ImageBitmap> {
  const response = await fetch(fileUrl(imageId), { credentials: 'same-origin' }).catch(() => null);
  if (!response?.ok) {
    throw new EmendError('unavailable', 'The picture could not be loaded. Your edits are safe; try again, or go on with the next picture.');
  }
  try {
    return await createImageBitmap(await response.blob(), { imageOrientation: 'from-image' });
  } catch {
    throw new EmendError('unsupported', 'This browser cannot show the picture: its file may be damaged. Skip it, or flag it for the person who imported it.');
  }
}
