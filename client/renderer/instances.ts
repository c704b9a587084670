import { Buffer, BufferUsage, Geometry, GlProgram, Mesh, Shader, type ShaderFromResources, type UniformGroup, type VertexFormat } from 'pixi.js';

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
    if (this.floats > 0) this.fill([]);
  }

  /** Replaces all instances. */
  fill(values: readonly number[] | Float32Array): void {
    const count = values.length / this.floats;
    this.#geometry.instanceCount = count;
    this.mesh.visible = count > 0;
    if (count > 0) this.#buffer.data = values instanceof Float32Array ? values : new Float32Array(values);
  }

  destroy(): void {
    const { shader } = this.mesh;
    this.mesh.destroy();
    this.#geometry.destroy(true);
    shader?.destroy();
  }
}
