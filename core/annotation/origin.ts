/** Who caused a change of the document. Undo hears only `person`, and only this client's. */
export type Origin =
  | { readonly kind: 'person'; readonly user: string; readonly client: string }
  | { readonly kind: 'model'; readonly model: string }
  | { readonly kind: 'remote' }
  | { readonly kind: 'store' };

export function isOrigin(value: unknown): value is Origin {
  return typeof value === 'object' && value !== null && 'kind' in value;
}
