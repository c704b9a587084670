import { Buffer, BufferUsage, Geometry, GlProgram, Mesh, Shader, type ShaderFromResources, type UniformGroup, type VertexFormat } from 'pixi.js';

/** Numbers for the graphics card, in one block that grows: ten thousand boxes are written without making one object. */
export class FloatList {
  #data = new Float32Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }
  clear(): void {
    this.#length = 0;
  }
  push(...values: readonly number[]): void {
    if (this.#length + values.length > this.#data.length) {
      const grown = new Float32Array(this.#data.length * 2);
      grown.set(this.#data);
      this.#data = grown;
    }
    for (const value of values) this.#data[this.#length++] = value;
  }
  /** A copy of what was written: the buffer that is uploaded must not change under the upload. */
  take(): Float32Array {
    return this.#data.slice(0, this.#length);
  }
}

type Resources = ShaderFromResources['resources'];

export interface LayerSpec {
  readonly source: { readonly vertex: string; readonly fragment: string };
  /** Corners of the shape that is repeated. */
  readonly corners: Float32Array;
  readonly cornerFormat: VertexFormat;
  readonly index: Uint16Array;
  /** Per instance, in order: name → number of floats. */
  readonly fields: Readonly<Record<string, 1 | 2 | 3 | 4>>;
}

const FORMATS: Readonly<Record<1 | 2 | 3 | 4, VertexFormat>> = { 1: 'float32', 2: 'float32x2', 3: 'float32x3', 4: 'float32x4' };

/** The unit square of two triangles, which most layers repeat. */
export const SQUARE = { corners: new Float32Array([0, 0, 1, 0, 1, 1, 0, 1]), cornerFormat: 'float32x2', index: new Uint16Array([0, 1, 2, 0, 2, 3]) } as const;

/** One draw call for any number of equal shapes: what differs lies in one interleaved buffer, `floats` numbers per instance; none = drawn once. */
export class InstancedLayer {
  readonly mesh: Mesh<Geometry, Shader>;
  readonly floats: number;
  readonly #buffer: Buffer;
  readonly #geometry: Geometry;

  constructor(spec: LayerSpec, view: UniformGroup, resources: Resources = {}) {
    const sizes = Object.values(spec.fields);
    this.floats = sizes.reduce((sum, size) => sum + size, 0);
    this.#buffer = new Buffer({ data: new Float32Array(Math.max(1, this.floats)), usage: BufferUsage.VERTEX | BufferUsage.COPY_DST });
    this.#geometry = new Geometry({ attributes: { aPosition: { buffer: spec.corners, format: spec.cornerFormat } }, indexBuffer: spec.index });
    let offset = 0;
    for (const [name, size] of Object.entries(spec.fields)) {
      this.#geometry.addAttribute(name, { buffer: this.#buffer, format: FORMATS[size], stride: this.floats * 4, offset: offset * 4, instance: true });
      offset += size;
    }
    const shader = new Shader({ glProgram: GlProgram.from(spec.source), resources: { view, ...resources } });
    this.mesh = new Mesh({ geometry: this.#geometry, shader });
  }

  /** Replaces all instances. */
  fill(values: FloatList): void {
    const count = values.length / this.floats;
    this.#geometry.instanceCount = count;
    this.mesh.visible = count > 0;
    if (count > 0) this.#buffer.data = values.take();
  }

  destroy(): void {
    const { shader } = this.mesh;
    this.mesh.destroy();
    this.#geometry.destroy(true);
    shader?.destroy();
  }
}
