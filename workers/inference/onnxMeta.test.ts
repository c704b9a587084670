import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { PbfWriter } from 'pbf';
import { describe, expect, it } from 'vitest';
import { EmendError } from '#core/errors.ts';
import { readOnnxMeta } from './onnxMeta.ts';
import { describeYolo } from './yoloModel.ts';

const good = await readFile(fileURLToPath(new URL('./fixtures/26-detect.onnx', import.meta.url)));

interface Crafted {
  domain?: string;
  operator?: string;
  external?: boolean;
  dims?: number[];
  bytes?: number;
  functions?: boolean;
  shape?: bigint[];
  /** The operator holds a graph, as loops and branches do; with an operator of this name inside. */
  inner?: string;
}

/** One node of an inner graph, which itself holds a graph where it is a loop. */
function writeInner(operator: string, node: PbfWriter): void {
  node.writeStringField(4, operator);
  if (operator === 'Loop') node.writeMessage(5, (_, attribute) => { attribute.writeMessage(6, () => undefined, null); }, null);
}

/** A model of one operator and one tensor, written by hand: field numbers of onnx.proto. */
function craft({ domain = '', operator = 'Relu', external = false, dims = [2], bytes = 8, functions = false, shape, inner }: Crafted): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeMessage(7, (_, graph) => {
    graph.writeMessage(1, (__, node) => {
      node.writeStringField(1, 'shape');
      node.writeStringField(2, 'y');
      node.writeStringField(4, operator);
      node.writeStringField(7, domain);
      if (inner !== undefined) {
        node.writeMessage(5, (___, attribute) => {
attribute.writeMessage(6, (____, body) => { body.writeMessage(1, writeInner, inner); }, null);
        }, null);
      }
    }, null);
    graph.writeMessage(5, (__, tensor) => {
      tensor.writePackedVarint(1, dims);
      tensor.writeVarintField(2, 1);
      tensor.writeStringField(8, 'weights');
      tensor.writeBytesField(9, new Uint8Array(bytes));
      if (external) tensor.writeVarintField(14, 1);
    }, null);
    if (shape) {
      graph.writeMessage(5, (__, tensor) => {
        tensor.writePackedVarint(1, [shape.length]);
        tensor.writeVarintField(2, 7);
        tensor.writeStringField(8, 'shape');
        tensor.writeBytesField(9, new Uint8Array(BigInt64Array.from(shape).buffer));
      }, null);
    }
    graph.writeMessage(12, (__, value) => { value.writeStringField(1, 'y'); }, null);
  }, null);
  if (functions) pbf.writeMessage(25, (_, f) => { f.writeStringField(1, 'mine'); }, null);
  return pbf.finish();
}

function refusal(bytes: Uint8Array): EmendError {
  try {
    readOnnxMeta(bytes);
  } catch (error) {
    if (error instanceof EmendError) return error;
    throw error;
  }
  throw new Error('the model was accepted');
}

describe('ONNX files from strangers', () => {
  it('reads a good one', () => {
    expect(readOnnxMeta(craft({})).outputs).toEqual([{ name: 'y', elementType: 0, shape: [] }]);
    expect(readOnnxMeta(craft({ operator: 'If', inner: 'Identity' })).nodes, 'a branch runs once').toBe(1);
    expect(readOnnxMeta(good).metadata.get('task')).toBe('detect');
  });

  it.each<[string, Crafted, RegExp]>([
    ['weights in another file', { external: true }, /another file/],
    ['operators of its own', { domain: 'evil.ops' }, /foreign domain “evil.ops”/],
    ['an operator that reads files', { domain: 'com.microsoft', operator: 'EPContext' }, /read another file/],
    ['a loop', { operator: 'Loop', inner: 'Identity' }, /Loop repeats a part of the model, which may never end/],
    ['a scan', { operator: 'Scan', inner: 'Identity' }, /Scan repeats/],
    ['a search of com.microsoft', { domain: 'com.microsoft', operator: 'GreedySearch', inner: 'Identity' }, /GreedySearch repeats/],
    ['a loop within a branch', { operator: 'If', inner: 'Loop' }, /Loop repeats/],
    ['functions', { functions: true }, /functions of its own/],
    ['a tensor of terabytes in eight bytes', { dims: [1_000_000, 1_000_000] }, /absurd shape/],
    ['a tensor larger than its data', { dims: [1000, 1000] }, /more data than the file holds/],
    ['a negative shape', { dims: [-1] }, /absurd shape/],
    ['a shape that asks for memory', { operator: 'ConstantOfShape', shape: [1_000_000n, 1_000_000n] }, /absurd amount of memory/],
  ])('refuses %s', (_, crafted, reason) => {
    const error = refusal(craft(crafted));
    expect(error.code).toBe('unsupported');
    expect(error.message).toMatch(reason);
  });

  it('damaged bytes end in a refusal or a description, never in anything else', () => {
    const small = craft({});
    fc.assert(fc.property(fc.nat(small.length - 1), fc.nat(255), fc.nat(small.length), (at, value, length) => {
      const damaged = Uint8Array.from(small.subarray(0, length));
      if (at < damaged.length) damaged[at] = value;
      try {
        readOnnxMeta(damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(EmendError);
      }
    }), { numRuns: 500 });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(refusal(bytes)).toBeInstanceOf(EmendError);
    }));
  });

  it('a good ONNX file that is no YOLO export says what is missing', () => {
    expect(() => describeYolo(readOnnxMeta(craft({})))).toThrow(/no “task” in its metadata/);
  });
});
