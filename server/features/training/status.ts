import type { SystemDto } from '#core/api/system.ts';
import { presentEnvironment } from './environment.ts';
import { findPython } from './python.ts';

/** What the System page and the doctor say of the trainer. Makes nothing. */
export async function trainerStatus(dataDir: string): Promise<SystemDto['trainer']> {
  const present = await presentEnvironment(dataDir).catch(() => undefined);
  if (present) {
    const { device, gpus, ...versions } = present.versions;
    return { ready: true, ...versions, device, message: device === 'cpu' ? 'Ready. No GPU was found, so training runs on the CPU.' : `Ready, on ${gpus > 1 ? `${gpus} GPUs, the first of them ${device}` : device}.` };
  }
  const python = await findPython();
  const none = { ready: false, ultralytics: null, torch: null, device: null };
  if (!python) return { ...none, python: null, message: 'Training needs Python 3.10 or newer, and none is on the PATH. Install Python; all else works without it.' };
  return { ...none, python: python.version, message: 'Its environment is made at the first run: about 3 GB to download, 6 GB on disk.' };
}
