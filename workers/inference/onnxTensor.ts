import type { PbfReader } from 'pbf';

/** 2^29 elements = 2 GiB of float32: beyond every model that this program is meant for. */
export const MAX_ELEMENTS = 2 ** 29;

/** A stored tensor: its declared shape and how many bytes of data it really brings. */
export interface TensorInfo {
  name: string;
  dims: number[];
  type: number;
  rawBytes: number;
  /** Bytes of the typed fields (float_data …); packed, so at least one byte per element. */
  typedBytes: number;
  external: boolean;
  /** Values of small int64 tensors, which may be shapes. */
  ints: number[];
}

// Bits per element of TensorProto.DataType; other types carry no plain data.
const BITS: ReadonlyMap<number, number> = new Map([
  [1, 32], [2, 8], [3, 8], [4, 16], [5, 16], [6, 32], [7, 64], [9, 8], [10, 16], [11, 64], [12, 32], [13, 64], [14, 64], [15, 128],
  [16, 16], [17, 8], [18, 8], [19, 8], [20, 8], [21, 4], [22, 4], [23, 4],
]);
const INT64 = 7;
const STRING = 8;
const SMALL = 64;

export function readTensor(pbf: PbfReader): TensorInfo {
  const tensor: TensorInfo = { name: '', dims: [], type: 0, rawBytes: 0, typedBytes: 0, external: false, ints: [] };
  return pbf.readMessage((tag, t, reader) => {
    if (tag === 1) reader.readPackedVarint(t.dims, true);
    else if (tag === 2) t.type = reader.readVarint();
    else if (tag === 3 || tag === 13) t.external = true;
    else if (tag === 8) t.name = reader.readString();
    else if (tag === 9) readRaw(t, reader.readBytes());
    else if (tag === 14) t.external ||= reader.readVarint() !== 0;
    else if (tag === 7) readInt64s(t, reader);
    else if ([4, 5, 6, 10, 11].includes(tag)) t.typedBytes += measure(reader);
  }, tensor);
}

function readRaw(tensor: TensorInfo, raw: Uint8Array): void {
  tensor.rawBytes = raw.byteLength;
  if (tensor.type !== INT64 || raw.byteLength > SMALL * 8) return;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  for (let i = 0; i + 8 <= raw.byteLength; i += 8) tensor.ints.push(Number(view.getBigInt64(i, true)));
}

function readInt64s(tensor: TensorInfo, pbf: PbfReader): void {
  const before = pbf.pos;
  const values = pbf.readPackedVarint([], true);
  tensor.typedBytes += pbf.pos - before;
  if (values.length <= SMALL) tensor.ints.push(...values);
}

function measure(pbf: PbfReader): number {
  const before = pbf.pos;
  pbf.skip(pbf.type);
  return pbf.pos - before;
}

/** Number of elements that the shape declares; NaN or negative sides give NaN. */
export function tensorElements(dims: readonly number[]): number {
  return dims.reduce((product, side) => (Number.isInteger(side) && side >= 0 ? product * side : NaN), 1);
}

/** Calls `refuse` when the tensor lies outside the file or declares more than it brings. */
export function checkTensor(tensor: TensorInfo, refuse: (why: string) => never): void {
  const name = tensor.name.slice(0, 60);
  if (tensor.external) refuse(`the weights “${name}” lie in another file`);
  const elements = tensorElements(tensor.dims);
  if (!(elements <= MAX_ELEMENTS)) refuse(`the tensor “${name}” has an absurd shape`);
  if (tensor.type === STRING) return;
  const bits = BITS.get(tensor.type);
  if (bits === undefined) refuse(`the tensor “${name}” is of an unknown type`);
  const enough = tensor.rawBytes > 0 ? tensor.rawBytes * 8 >= elements * bits : tensor.typedBytes * 8 >= elements * Math.min(bits, 8);
  if (!enough) refuse(`the tensor “${name}” declares more data than the file holds`);
}
