import { labelLines, readLine, type ParsedLabels } from '#core/dataset/yolo.ts';
import { breather } from '../../breather.ts';

/** `parseLabels` for a file of any size: nobody else waits for it. */
export async function parsePatiently(text: string): Promise<ParsedLabels> {
  const parsed: ParsedLabels = { rows: [], problems: [] };
  const breathe = breather();
  for (const [i, line] of labelLines(text).entries()) {
    readLine(line, i + 1, parsed);
    await breathe();
  }
  return parsed;
}
