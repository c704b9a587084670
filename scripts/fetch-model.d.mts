export interface ManifestFile {
  readonly role: 'encoder' | 'decoder';
  readonly url: string;
  readonly sha256: string;
}
export interface ManifestModel {
  readonly name: string;
  readonly title: string;
  readonly family: string;
  readonly licence: string;
  readonly inputSize: number;
  /** What the encoder gives for one picture: its tensors, and bytes as 32-bit floats. */
  readonly embedding: { readonly shape: string; readonly bytes: number };
  readonly parameters: string;
  readonly quality: string | null;
  readonly bestFor: string;
  readonly files: readonly ManifestFile[];
  /** How to make the files where none are published. */
  readonly convert?: string;
  readonly source?: string;
}
export class FetchError extends Error {}
export function fileName(model: ManifestModel, file: ManifestFile): string;
export function sha256Of(file: string): Promise<string>;
export function fetchModel(
  model: ManifestModel,
  directory: string,
  options?: { onProgress?: (progress: { file: string; done: number; total: number | null }) => void; signal?: AbortSignal },
): Promise<string[]>;
