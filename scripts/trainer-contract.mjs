// npm run trainer:contract: writes workers/trainer/contract/*.schema.json from core/training, the only description of what the trainer reads and says.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contractFiles } from '../core/training/contract.ts';

const dir = join(import.meta.dirname, '..', 'workers', 'trainer', 'contract');
await mkdir(dir, { recursive: true });
for (const [name, text] of Object.entries(contractFiles())) await writeFile(join(dir, name), text);
