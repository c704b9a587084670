/** Pictures for tests that look at what is in them. */
import sharp, { type Sharp } from 'sharp';

/** Grey blocks on a slope, different for every seed, the same on every machine. */
export function scene(seed: number, width = 96, height = 72): Sharp {
  const blocks = Array.from({ length: 14 }, (_, i) => {
    const at = (n: number): number => Math.abs(Math.sin((seed + 1) * 12.9898 + i * 78.233 + n * 37.719)) % 1;
    return { x: at(1) * width, y: at(2) * height, w: (0.08 + 0.25 * at(3)) * width, h: (0.08 + 0.25 * at(4)) * height, level: Math.round(255 * at(5)) };
  });
  const data = Uint8Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    const block = blocks.findLast((b) => x >= b.x && x < b.x + b.w && y >= b.y && y < b.y + b.h);
    return block?.level ?? Math.round(40 + (80 * x) / width);
  });
  return sharp(data, { raw: { width, height, channels: 1 } });
}

export const scenePng = (seed: number, width?: number, height?: number): Promise<Buffer> => scene(seed, width, height).png().toBuffer();

/** The same through a bad camera: other bytes, the same picture. */
export const sceneCopy = (seed: number): Promise<Buffer> => scene(seed).linear(0.9, 12).jpeg({ quality: 70 }).toBuffer();
