/** NumPy's file format, version 1.0, for two-dimensional masks. Source: numpy.lib.format. */

/** `bitmap`: row-major, height × width bytes of 0 and 1. Written as dtype bool, shape (height, width), C order. */
export function toNpy(bitmap: Uint8Array, height: number, width: number): Buffer {
  if (bitmap.length !== height * width) throw new RangeError(`The bitmap has ${bitmap.length} bytes, its size is ${width} × ${height}.`);
  const text = `{'descr': '|b1', 'fortran_order': False, 'shape': (${height}, ${width}), }`;
  // Magic, version and length take 10 bytes; padded with spaces and a newline so that the data begin at a multiple of 64.
  const padded = `${text}${' '.repeat(63 - ((10 + text.length) % 64))}\n`;
  const head = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, padded.length & 0xff, padded.length >> 8]);
  return Buffer.concat([head, Buffer.from(padded, 'latin1'), bitmap]);
}
