import { EmendError } from '#core/errors.ts';
import { PbfReader } from 'pbf';
import { checkTensor, MAX_ELEMENTS, readTensor, type TensorInfo } from './onnxTensor.ts';

/** A named input or output; symbolic dimensions are their names. */
export interface OnnxValueInfo {
  readonly name: string;
  /** TensorProto.DataType of onnx.proto: 1 float32, 2 uint8, 7 int64, 10 float16 … */
  readonly elementType: number;
  readonly shape: readonly (number | string)[];
}

/** What an ONNX file says of itself, read without loading it into a runtime. */
export interface OnnxMeta {
  readonly producer: string;
  readonly opset: number;
  readonly metadata: ReadonlyMap<string, string>;
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  readonly nodes: number;
}

// Operators of the standard and of Microsoft's contributions to ONNX Runtime; anything else needs code that a file must not bring.
const DOMAINS: ReadonlySet<string> = new Set(['', 'ai.onnx', 'com.microsoft']);
/** Loads another file by a path of the model's choosing. */
const FORBIDDEN_OPERATORS: ReadonlySet<string> = new Set(['EPContext']);
/**
 * Runs its graphs once. All others that hold graphs (Loop, Scan, SequenceMap, the search operators of com.microsoft) run them again and again, Loop without
 * an end if it likes. No export of Ultralytics (8.4, with and without nms) or of the SAM family holds one of those.
 */
const RUNS_ONCE = 'If';
/** Take their output's shape from a constant: a file of a few bytes can ask for terabytes. */
const SHAPE_FROM_CONSTANT: ReadonlyMap<string, number> = new Map([['ConstantOfShape', 0], ['Expand', 1]]);
const MAX_NODES = 200_000;
const MAX_GRAPH_DEPTH = 8;

interface Node {
  operator: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  tensors: TensorInfo[];
  ints: number[];
  graphs: Graph[];
}

interface Graph {
  nodes: Node[];
  initializers: TensorInfo[];
  inputs: OnnxValueInfo[];
  outputs: OnnxValueInfo[];
}

interface Model {
  producer: string;
  opset: number;
  metadata: Map<string, string>;
  graph: Graph | null;
  functions: number;
}

/**
 * Reads names, shapes and metadata of an ONNX file and refuses what could harm: data outside the file, operators that bring code,
 * absurd sizes, damaged structure. Field numbers: onnx/onnx.proto.
 * @throws EmendError `unsupported` or `invalid`, in words for the person who uploaded the file.
 */
export function readOnnxMeta(bytes: Uint8Array): OnnxMeta {
  let model: Model;
  try {
    model = readModel(new PbfReader(bytes));
  } catch (error) {
    if (error instanceof EmendError) throw error;
    throw new EmendError('invalid', 'This file is not a readable ONNX model; nothing was taken from it. Export the model again.');
  }
  if (model.graph === null || model.graph.outputs.length === 0) {
    throw new EmendError('invalid', 'This file is not an ONNX model: it holds no graph. Export the model again.');
  }
  if (model.functions > 0) refuse('it defines functions of its own');
  checkGraph(model.graph);
  const initial = new Set(model.graph.initializers.map(({ name }) => name));
  return {
    producer: model.producer,
    opset: model.opset,
    metadata: model.metadata,
    inputs: model.graph.inputs.filter(({ name }) => !initial.has(name)),
    outputs: model.graph.outputs,
    nodes: model.graph.nodes.length,
  };
}

function refuse(why: string): never {
  throw new EmendError('unsupported', `This ONNX file is refused: ${why}. Nothing was loaded; export it as one plain file with standard operators.`);
}

function checkGraph(graph: Graph): void {
  for (const tensor of graph.initializers) checkTensor(tensor, refuse);
  for (const { name, shape } of [...graph.inputs, ...graph.outputs]) {
    const elements = shape.reduce<number>((product, side) => product * (typeof side === 'number' ? Math.max(1, side) : 1), 1);
    if (elements > MAX_ELEMENTS) refuse(`“${name.slice(0, 60)}” has ${elements} elements`);
  }
  const constants = new Map(graph.initializers.map((tensor) => [tensor.name, tensor.ints]));
  for (const node of graph.nodes) checkNode(node, constants);
}

function checkNode(node: Node, constants: Map<string, readonly number[]>): void {
  if (!DOMAINS.has(node.domain)) refuse(`it needs operators of the foreign domain “${node.domain.slice(0, 60)}”`);
  if (FORBIDDEN_OPERATORS.has(node.operator)) refuse(`the operator ${node.operator} would read another file`);
  if (node.graphs.length > 0 && node.operator !== RUNS_ONCE) refuse(`the operator ${node.operator.slice(0, 60)} repeats a part of the model, which may never end`);
  for (const tensor of node.tensors) checkTensor(tensor, refuse);
  if (node.operator === 'Constant') constants.set(node.outputs[0] ?? '', node.tensors[0]?.ints ?? node.ints);
  const shapeInput = SHAPE_FROM_CONSTANT.get(node.operator);
  const shape = shapeInput === undefined ? undefined : constants.get(node.inputs[shapeInput] ?? '');
  if (shape && shape.reduce((product, side) => product * Math.max(1, side), 1) > MAX_ELEMENTS) refuse('it asks for an absurd amount of memory');
  for (const graph of node.graphs) checkGraph(graph);
}

function readModel(pbf: PbfReader): Model {
  const empty: Model = { producer: '', opset: 0, metadata: new Map(), graph: null, functions: 0 };
  return pbf.readFields((tag, model, reader) => {
    if (tag === 2) model.producer = reader.readString();
    else if (tag === 7) model.graph = reader.readMessage((t, g, p) => readGraphField(t, g, p, 0), emptyGraph());
    else if (tag === 8) {
      const opset = reader.readMessage((t, o, p) => {
        if (t === 1) o.domain = p.readString();
        else if (t === 2) o.version = p.readVarint();
      }, { domain: '', version: 0 });
      if (opset.domain === '' || opset.domain === 'ai.onnx') model.opset = opset.version;
    } else if (tag === 14) {
      const entry = reader.readMessage((t, e, p) => {
        if (t === 1) e.key = p.readString();
        else if (t === 2) e.value = p.readString();
      }, { key: '', value: '' });
      model.metadata.set(entry.key, entry.value);
    } else if (tag === 25) model.functions += 1;
  }, empty);
}

function emptyGraph(): Graph {
  return { nodes: [], initializers: [], inputs: [], outputs: [] };
}

function readGraphField(tag: number, graph: Graph, pbf: PbfReader, depth: number): void {
  if (depth > MAX_GRAPH_DEPTH) refuse('its graphs are nested too deeply');
  if (tag === 1) {
    if (graph.nodes.length >= MAX_NODES) refuse('it has too many operators');
    graph.nodes.push(pbf.readMessage((t, n, p) => readNodeField(t, n, p, depth), emptyNode()));
  } else if (tag === 5) graph.initializers.push(readTensor(pbf));
  else if (tag === 11) graph.inputs.push(readValueInfo(pbf));
  else if (tag === 12) graph.outputs.push(readValueInfo(pbf));
  else if (tag === 15) refuse('it holds sparse tensors');
}

function emptyNode(): Node {
  return { operator: '', domain: '', inputs: [], outputs: [], tensors: [], ints: [], graphs: [] };
}

function readNodeField(tag: number, node: Node, pbf: PbfReader, depth: number): void {
  if (tag === 1) node.inputs.push(pbf.readString());
  else if (tag === 2) node.outputs.push(pbf.readString());
  else if (tag === 4) node.operator = pbf.readString();
  else if (tag === 7) node.domain = pbf.readString();
  else if (tag === 5) {
    pbf.readMessage((t, n, p) => {
      if (t === 5 || t === 10) n.tensors.push(readTensor(p));
      else if (t === 6 || t === 11) n.graphs.push(p.readMessage((f, g, r) => readGraphField(f, g, r, depth + 1), emptyGraph()));
      else if (t === 8) p.readPackedVarint(n.ints, true);
      else if (t === 22 || t === 23) refuse('it holds sparse tensors');
    }, node);
  }
}

function readValueInfo(pbf: PbfReader): OnnxValueInfo {
  const info = { name: '', elementType: 0, shape: [] as (number | string)[] };
  return pbf.readMessage((tag, value, reader) => {
    if (tag === 1) value.name = reader.readString();
    else if (tag === 2) reader.readMessage((t, v, p) => { if (t === 1) p.readMessage(readTensorType, v); }, value);
  }, info);
}

function readTensorType(tag: number, value: { elementType: number; shape: (number | string)[] }, pbf: PbfReader): void {
  if (tag === 1) value.elementType = pbf.readVarint();
  else if (tag === 2) {
    pbf.readMessage((t, v, p) => {
      if (t !== 1) return;
      const dimension = p.readMessage<{ side: number | string }>((f, d, r) => {
        if (f === 1) d.side = r.readVarint(true);
        else if (f === 2) d.side = r.readString();
      }, { side: '' });
      v.shape.push(dimension.side);
    }, value);
  }
}

