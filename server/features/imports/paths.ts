/**
 * Paths that uploads claim. They are only ever names: files are stored under names of our own, so no path can lead anywhere.
 * They are still refused when hostile, because they come back in exports and on screens.
 */
const MAX_PATH = 1024;
const MAX_PART = 255;
// Bidirectional overrides and invisible characters make a name look like another one.
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/;

/** The path with `/`, in NFC; null when it is absolute, leads upwards, names a drive or hides something. */
export function safePath(claimed: string): string | null {
  if (claimed.length === 0 || claimed.length > MAX_PATH || INVISIBLE.test(claimed) || !claimed.isWellFormed()) return null;
  // Full-width dots, slashes and colons become plain ones in NFKC: judged as what they would be taken for.
  const judged = claimed.normalize('NFKC').replaceAll('\\', '/');
  if (judged.startsWith('/') || /^[A-Za-z]:/.test(judged) || judged.includes(':')) return null;
  const parts = claimed.normalize('NFC').replaceAll('\\', '/').split('/');
  const folded = judged.split('/');
  if (parts.length !== folded.length || folded.some((part) => part === '' || /^\.+$/.test(part.trim()) || Buffer.byteLength(part) > MAX_PART)) return null;
  return parts.join('/');
}

/** What file managers leave behind; never part of a data set. */
export function isNoise(path: string): boolean {
  return /(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini|__MACOSX(\/|$)|\._[^/]*$|\.git(\/|$))/i.test(path);
}

/** The folders that all paths have in common, with the closing slash: what was dropped as a whole names nothing. */
export function commonRoot(paths: readonly string[]): string {
  const [first = '', ...others] = paths;
  let root = first.slice(0, first.lastIndexOf('/') + 1);
  for (const path of others) while (!path.startsWith(root)) root = root.slice(0, root.lastIndexOf('/', root.length - 2) + 1);
  return root;
}
